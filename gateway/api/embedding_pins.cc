#include "gateway/api/embedding_pins.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "gateway/api/registry_answer.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

// Older registries say no state: theirs are all active.
absl::Status CheckUsable(absl::string_view field, const v1::Embedding& embedding) {
  const bool deleted = embedding.state() == v1::EMBEDDING_STATE_DELETED;
  if (!deleted && embedding.state() != v1::EMBEDDING_STATE_BLOCKED) return absl::OkStatus();
  const std::string& why = embedding.state_reason();
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        field, ": ", embedding.name(), deleted ? " is deleted" : " is blocked",
                        why.empty() ? "" : ": ", why, "; name another version")),
                    deleted ? "EMBEDDING_DELETED" : "EMBEDDING_BLOCKED");
}

// The files go to a node within its Start request, which may have kMaxMessageBytes, 16 MiB.
constexpr int64_t kMaxEmbeddingBytes = 8 << 20;

}  // namespace

absl::StatusOr<std::vector<v1::Embedding>> PinEmbeddings(const v1::BaseModel& model,
                                                         RegistryClient& registry,
                                                         v1::ImageSetSpec& spec) {
  int64_t bytes = 0;
  std::vector<v1::Embedding> embeddings;
  for (int i = 0; i < spec.embeddings_size(); ++i) {
    const std::string field = absl::StrCat("spec.embeddings[", i, "]");
    auto embedding = registry.GetEmbedding(spec.embeddings(i));
    if (!embedding.ok()) return For(field, embedding.status());
    RETURN_IF_ERROR(CheckUsable(field, *embedding));
    const std::string& identity = embedding->lineage().text_encoder_identity();
    // Other tools' files do not say which model they were made for; then it is the width that must
    // fit.
    const bool fits = identity.empty() ? embedding->width() == model.embedding_width()
                                       : identity == model.text_encoder_identity();
    if (!fits) {
      return absl::FailedPreconditionError(absl::StrCat(
          field, ": got ", embedding->name(), " (", embedding->width(), " wide, ",
          identity.empty() ? "of unknown family" : identity, "), which does not fit ", model.name(),
          " (", model.embedding_width(), " wide, ", model.text_encoder_identity(), ")"));
    }
    bytes += embedding->bytes();
    spec.set_embeddings(i, embedding->name());
    embeddings.push_back(*std::move(embedding));
  }
  if (bytes > kMaxEmbeddingBytes) {
    return FieldError("spec.embeddings", absl::StrCat("files of ", bytes, " bytes"),
                      absl::StrCat("at most ", kMaxEmbeddingBytes, " in all"));
  }
  return embeddings;
}

}  // namespace imprint::gateway
