#include "base/json_object.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"

#include "base/mapped_file.h"
#include "base/status_macros.h"

namespace imprint {

bool NestsDeeperThan(absl::string_view json, int limit) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

namespace {

// The text with Python's words for numbers that JSON has not replaced, outside of strings.
std::string WithoutPythonNumbers(absl::string_view text) {
  constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"Infinity", "1.7976931348623157e308"}, {"NaN", "null"}};
  std::string replaced;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    const auto* const word =
        in_string ? std::end(kWords)
                  : std::find_if(std::begin(kWords), std::end(kWords), [&](const auto& known) {
                      return absl::StartsWith(text.substr(i), known.first);
                    });
    if (word != std::end(kWords)) {
      absl::StrAppend(&replaced, word->second);
      i += word->first.size() - 1;
      continue;
    }
    replaced += c;
    if (in_string && c == '\\' && i + 1 < text.size()) replaced += text[++i];
  }
  return replaced;
}

}  // namespace

absl::StatusOr<JsonObject> JsonObject::Load(const std::filesystem::path& path, size_t max_bytes) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > max_bytes) {
    return FieldError(path.string(), absl::StrCat(bytes.size(), " bytes"),
                      absl::StrCat("at most ", max_bytes, " bytes of JSON"));
  }
  return Parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

absl::StatusOr<JsonObject> JsonObject::Parse(absl::string_view text, std::string origin) {
  if (NestsDeeperThan(text, kMaxJsonDepth)) {
    return FieldError(origin, absl::StrCat("brackets nested more than ", kMaxJsonDepth, " deep"),
                      "a configuration");
  }
  // nlohmann-json passes over a byte order mark by itself.
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    json = nlohmann::json::parse(WithoutPythonNumbers(text), nullptr, /*allow_exceptions=*/false);
  }
  if (json.is_discarded()) return absl::InvalidArgumentError(absl::StrCat(origin, ": not JSON"));
  if (!json.is_object()) return FieldError(origin, json.type_name(), "a JSON object");
  return JsonObject(std::move(json), std::move(origin));
}

bool JsonObject::Has(absl::string_view key) const {
  const auto found = json_.find(key);
  return found != json_.end() && !found->is_null();
}

absl::StatusOr<JsonObject> JsonObject::Object(absl::string_view key) const {
  if (!Has(key)) return Missing(key);
  const nlohmann::json& field = json_[std::string(key)];
  if (!field.is_object()) return WrongType(key, field, "an object");
  return JsonObject(field, absl::StrCat(origin_, ": ", key));
}

JsonObject JsonObject::With(absl::string_view key, nlohmann::json value) const {
  JsonObject changed = *this;
  changed.json_[std::string(key)] = std::move(value);
  return changed;
}

bool JsonObject::Read(const nlohmann::json& field, bool& value) {
  if (!field.is_boolean()) return false;
  value = field.get<bool>();
  return true;
}

bool JsonObject::Read(const nlohmann::json& field, int64_t& value) {
  if (!field.is_number_integer()) return false;
  // Beyond 2^63 it would come out negative.
  if (field.is_number_unsigned() && field.get<uint64_t>() > INT64_MAX) return false;
  value = field.get<int64_t>();
  return true;
}

bool JsonObject::Read(const nlohmann::json& field, uint64_t& value) {
  if (!field.is_number_unsigned()) return false;
  value = field.get<uint64_t>();
  return true;
}

bool JsonObject::Read(const nlohmann::json& field, double& value) {
  if (!field.is_number()) return false;
  value = field.get<double>();
  return true;
}

bool JsonObject::Read(const nlohmann::json& field, std::string& value) {
  if (!field.is_string()) return false;
  value = field.get<std::string>();
  return true;
}

absl::Status JsonObject::Missing(absl::string_view key) const {
  return absl::InvalidArgumentError(absl::StrCat(origin_, ": ", key, " is missing"));
}

absl::Status JsonObject::WrongType(absl::string_view key, const nlohmann::json& field,
                                   absl::string_view expected) const {
  constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
  return FieldError(absl::StrCat(origin_, ": ", key),
                    Quoted(field.dump(-1, ' ', false, kReplaceBadUtf8)), expected);
}

}  // namespace imprint
