// One version of a concept as the database stores it. Private to services/registry.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <soci/soci.h>

namespace imprint::registry {

struct EmbeddingRow {
  int64_t number = 0;
  v1::Embedding body;  // without state, its reason and etag
  int state = 0;
  std::string state_reason;
  int64_t changes = 0;  // the etag
};

// Finds a version by its own name, by an alias's name, or by the concept's name, which stands for
// its newest version that is not deleted. Returns INVALID_ARGUMENT for any other name, and
// NOT_FOUND.
absl::StatusOr<EmbeddingRow> FindEmbedding(soci::session& sql, const std::string& name);

// Finds a version by its own name alone: a change must not be led elsewhere by an alias.
absl::StatusOr<EmbeddingRow> FindVersion(soci::session& sql, const std::string& name);

// Returns the version as callers see it.
v1::Embedding Full(EmbeddingRow row);

// Returns FAILED_PRECONDITION with the reason EMBEDDING_BLOCKED or EMBEDDING_DELETED if it may not
// be used.
absl::Status CheckActive(const v1::Embedding& embedding);

// An SQL expression, for a row `c` of concepts: the number of the concept's newest version that is
// not deleted; 0 if there is none.
extern const char* const kNewestOfConcept;

}  // namespace imprint::registry
