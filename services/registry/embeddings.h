// The versions of concepts. They are added and never changed, except for whether they may be used.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "rpc/page.h"
#include "services/registry/base_models.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class Embeddings {
 public:
  Embeddings(Database& database, RecordedBlobs& blobs, BaseModels& models)
      : database_(database), blobs_(blobs), models_(models) {}

  // Commits a training's result as the concept's next version, with the rights of the pictures that
  // it was taught from, and sets `committed` to true. Idempotent by job: the same job again returns
  // the version that it made, whatever else is in the request. Returns INVALID_ARGUMENT if the file
  // is not such an embedding, and FAILED_PRECONDITION if the concept has another token or the
  // pictures are gone.
  absl::StatusOr<v1::Embedding> Commit(const v1::CommitEmbeddingRequest& request, bool& committed);

  // Imports the file of any tool (formats/embedding_files); idempotent by request_id.
  absl::StatusOr<v1::Embedding> Import(const v1::ImportEmbeddingRequest& request);

  // Returns a version by its own name, by an alias's name, or by the concept's name, which stands
  // for its newest version that is not deleted.
  absl::StatusOr<v1::Embedding> Get(const std::string& name);

  // Lists versions, newest first; the parent concepts/- lists those of all concepts.
  absl::StatusOr<std::vector<v1::Embedding>> List(const std::string& parent, bool show_deleted,
                                                  const Page& page, std::string& next);

  // Returns FAILED_PRECONDITION if the version may not be used.
  absl::StatusOr<Blob> Content(const v1::Embedding& embedding);

  // Blocks a version. Image sets that are being drawn with it get no more tickets, and the tickets
  // that they have become void.
  absl::StatusOr<v1::Embedding> Block(const v1::BlockEmbeddingRequest& request);
  absl::StatusOr<v1::Embedding> Unblock(const v1::UnblockEmbeddingRequest& request);
  absl::StatusOr<v1::DeleteEmbeddingResponse> Delete(const v1::DeleteEmbeddingRequest& request);

 private:
  struct Addition;
  absl::StatusOr<v1::Embedding> Add(Addition addition, bool& committed);
  // Moves a version, by its own name, into a state; `done` is called within the transaction.
  absl::StatusOr<v1::Embedding> Change(
      const std::string& name, const std::string& etag, v1::EmbeddingState state,
      const std::string& reason,
      const std::function<void(soci::session&, int64_t number)>& done = nullptr);

  Database& database_;
  RecordedBlobs& blobs_;
  BaseModels& models_;
};

}  // namespace imprint::registry
