#include "cli/options/teaching_options.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "text/training_templates.h"
#include "text/unicode_text.h"

namespace imprint {

std::string TokenFromFolder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const std::filesystem::path name =
      std::filesystem::is_regular_file(path, ignored) ? path.stem() : path.filename();
  return absl::StrCat("<", absl::StrReplaceAll(name.string(), {{" ", "-"}}), ">");
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
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > 1 << 20) {
    return FieldError("templates", absl::StrCat(bytes.size(), " bytes"), "at most 1 MB");
  }
  return ParseTemplates(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace imprint
