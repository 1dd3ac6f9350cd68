// A version of a concept as the database has it. Private to services/registry.
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

// By a version's own name, by an alias's, or the newest that is not deleted by the concept's.
// INVALID_ARGUMENT for another name, NOT_FOUND.
absl::StatusOr<EmbeddingRow> FindEmbedding(soci::session& sql, const std::string& name);

// By a version's own name alone: what changes it must not be led elsewhere by an alias.
absl::StatusOr<EmbeddingRow> FindVersion(soci::session& sql, const std::string& name);

// What callers see of it.
v1::Embedding Full(EmbeddingRow row);

// FAILED_PRECONDITION with the reason EMBEDDING_BLOCKED or EMBEDDING_DELETED if it may not be used.
absl::Status CheckActive(const v1::Embedding& embedding);

// Of a concept: the number of its newest version that is not deleted; 0 if there is none. In SQL,
// for a row `c` of concepts.
extern const char* const kNewestOfConcept;

}  // namespace imprint::registry
