// Concepts and the aliases that point to their versions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>

#include "rpc/page.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class Concepts {
 public:
  explicit Concepts(Database& database) : database_(database) {}

  // Creates a concept. The same token and class word again return the existing concept; others
  // return ALREADY_EXISTS.
  absl::StatusOr<v1::Concept> Create(const v1::CreateConceptRequest& request);
  absl::StatusOr<v1::Concept> Get(const std::string& name);
  // Lists concepts by name.
  absl::StatusOr<std::vector<v1::Concept>> List(const Page& page, std::string& next);
  // Returns the concepts that have one of the tokens, ignoring the case of ASCII letters, without
  // `except`; at most 100, by name.
  absl::StatusOr<std::vector<std::string>> WithTokens(const std::vector<std::string>& tokens,
                                                      const std::string& except);

  absl::StatusOr<v1::Concept> Update(const v1::UpdateConceptRequest& request);
  // Returns FAILED_PRECONDITION if it has versions, and ABORTED if `etag` is set and is not the
  // concept's.
  absl::Status Delete(const std::string& name, const std::string& etag = "");

  absl::StatusOr<v1::Alias> SetAlias(const v1::Alias& alias);
  absl::StatusOr<std::vector<v1::Alias>> ListAliases(const std::string& concept_name,
                                                     const Page& page, std::string& next);
  absl::Status DeleteAlias(const std::string& name, const std::string& etag = "");

 private:
  Database& database_;
};

// Within a transaction: creates the concept's row from `wanted` if there is none, and returns the
// number of its next version. Returns FAILED_PRECONDITION if the concept has another token.
absl::StatusOr<int64_t> NextVersion(soci::session& sql, const std::string& id,
                                    const v1::Concept& wanted);

// Returns INVALID_ARGUMENT, naming the field under `prefix`, if the token or class word is not
// valid.
absl::Status CheckWords(absl::string_view prefix, const std::string& token,
                        const std::string& class_word);

}  // namespace imprint::registry
