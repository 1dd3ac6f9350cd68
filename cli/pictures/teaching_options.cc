#include "cli/pictures/teaching_options.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/program/option_error.h"

#include "base/field_error.h"
#include "base/text_file.h"
#include "text/training_templates.h"
#include "text/unicode_text.h"

namespace imprint::cli {

std::string TokenFromFolder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const std::filesystem::path name =
      std::filesystem::is_regular_file(path, ignored) ? path.stem() : path.filename();
  return Composed(absl::StrCat("<", absl::StrReplaceAll(name.string(), {{" ", "-"}}), ">"));
}

std::optional<std::string> AdviceOnToken(const std::string& token) {
  const std::string plain = NormalizeForClip(token);
  if (plain == token) return std::nullopt;
  return absl::StrCat(
      "token ", Quoted(token), ": in files for other tools it is ", Quoted(plain),
      ", and Diffusers' prompts must write it so: there a word with capitals stands "
      "for its first vector alone. Imprint's own prompts take either");
}

absl::StatusOr<std::vector<std::string>> ReadTemplates(const std::filesystem::path& path) {
  constexpr size_t kMaxBytes = 1 << 20;
  const auto text = ReadTextFile(path, kMaxBytes);
  if (!text.ok()) return ForOption("templates", text.status());
  return ParseTemplates(*text);
}

}  // namespace imprint::cli
