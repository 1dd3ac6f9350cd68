// Reads configuration files in JSON field by field, with errors that name file and field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

#include "base/field_error.h"

namespace imprint {

// Returns whether brackets nest deeper than `limit` anywhere in the text. nlohmann's parser is
// iterative, but copying and printing what it parsed recurse: without a bound, a small hostile file
// ends the process.
bool NestsDeeperThan(absl::string_view json, int limit);

// No file of ours or of the model hubs nests half as deep.
inline constexpr int kMaxJsonDepth = 32;

// An immutable JSON object and where it came from ("unet/config.json").
class JsonObject {
 public:
  // Loads a file. Files larger than `max_bytes` are refused before they are parsed.
  static absl::StatusOr<JsonObject> Load(const std::filesystem::path& path,
                                         size_t max_bytes = 1 << 20);
  // Parses `text`. INVALID_ARGUMENT if it is not JSON, not an object, or nests deeper than
  // kMaxJsonDepth. Also accepts what Python's json module writes beyond JSON, as in Diffusers'
  // configurations: Infinity and -Infinity as the largest numbers there are, NaN as null.
  static absl::StatusOr<JsonObject> Parse(absl::string_view text, std::string origin);

  const std::string& origin() const { return origin_; }
  const nlohmann::json& json() const { return json_; }

  // Returns whether the field is present and not null.
  bool Has(absl::string_view key) const;

  // Returns the field as T: bool, int64_t, uint64_t, double, std::string, or a vector of these.
  // INVALID_ARGUMENT if it is missing, null or of another type (a whole number serves as a double).
  template <typename T>
  absl::StatusOr<T> Get(absl::string_view key) const {
    if (!Has(key)) return Missing(key);
    T value{};
    const nlohmann::json& field = json_[std::string(key)];
    if (!Read(field, value)) return WrongType(key, field, TypeName(value));
    return value;
  }

  // Does what Get does, but returns `fallback` for a missing or null field.
  template <typename T>
  absl::StatusOr<T> GetOr(absl::string_view key, T fallback) const {
    if (!Has(key)) return fallback;
    return Get<T>(key);
  }

  // Returns a nested object; its origin says where it stands.
  absl::StatusOr<JsonObject> Object(absl::string_view key) const;

  // Returns the same object except for one field.
  JsonObject With(absl::string_view key, nlohmann::json value) const;

 private:
  JsonObject(nlohmann::json json, std::string origin)
      : json_(std::move(json)), origin_(std::move(origin)) {}

  static bool Read(const nlohmann::json& field, bool& value);
  static bool Read(const nlohmann::json& field, int64_t& value);
  static bool Read(const nlohmann::json& field, uint64_t& value);
  static bool Read(const nlohmann::json& field, double& value);
  static bool Read(const nlohmann::json& field, std::string& value);
  template <typename T>
  static bool Read(const nlohmann::json& field, std::vector<T>& values) {
    if (!field.is_array()) return false;
    for (const nlohmann::json& element : field) {
      T value;
      if (!Read(element, value)) return false;
      values.push_back(std::move(value));
    }
    return true;
  }

  static std::string TypeName(bool) { return "true or false"; }
  static std::string TypeName(int64_t) { return "a whole number"; }
  static std::string TypeName(uint64_t) { return "a whole number from 0"; }
  static std::string TypeName(double) { return "a number"; }
  static std::string TypeName(const std::string&) { return "a string"; }
  template <typename T>
  static std::string TypeName(const std::vector<T>&) {
    return absl::StrCat("a list, each ", TypeName(T()));
  }

  absl::Status Missing(absl::string_view key) const;
  absl::Status WrongType(absl::string_view key, const nlohmann::json& field,
                         absl::string_view expected) const;

  nlohmann::json json_;
  std::string origin_;
};

}  // namespace imprint
