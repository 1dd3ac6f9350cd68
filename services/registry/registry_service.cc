#include "services/registry/registry_service.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/error_notes.h"
#include "base/field_error.h"
#include "base/private_path.h"
#include "base/status_macros.h"
#include "services/registry/base_models.h"
#include "services/registry/concepts.h"
#include "services/registry/embeddings.h"
#include "services/registry/housekeeping.h"
#include "services/registry/image_sets.h"
#include "services/registry/items.h"
#include "services/registry/picture_memory.h"
#include "services/registry/recorded_blobs.h"
#include "services/registry/reference_sets.h"
#include "services/registry/registry_api.h"
#include "services/registry/registry_schema.h"
#include "services/registry/tickets.h"
#include "services/registry/token_check.h"
#include "services/registry/transfer_api.h"
#include "services/server/disk_metrics.h"
#include "services/server/log.h"
#include "storage/folder_blob_store.h"
#include "storage/folder_lock.h"

namespace imprint::registry {

// Records and blobs of one folder, for one process.
struct RegistryStorage {
  std::unique_ptr<Database> database;
  // Scrapes look at it, too.
  std::shared_ptr<BlobStore> blobs;
};

namespace {

namespace fs = std::filesystem;

constexpr int kMostUploads = 1000;
// A phone's picture of 12 million pixels needs some 100 MB.
constexpr int kLeastPictureMemoryMb = 128;
constexpr int kMostPictureMemoryMb = 1 << 20;

absl::StatusOr<RegistryStorage> OpenStorage(const fs::path& data) {
  RegistryStorage storage;
  constexpr const char* kLock = "registry.lock";
  RETURN_IF_ERROR(InContext("data", MakePrivateFolder(data, kLock)));
  // Before anything is opened: what RecordedBlobs holds is known to one process alone.
  RETURN_IF_ERROR(InContext("data", LockFolder(data / kLock)));
  const fs::path records = data / "registry.db";
  std::error_code ignored;
  const bool is_new = !fs::exists(records, ignored);
  ASSIGN_OR_RETURN(storage.blobs, OpenBlobFolder(data / "blobs"));
  if (is_new) {
    // Without the records that name them, all blobs would look like orphans, and TidyUp removes
    // those.
    ASSIGN_OR_RETURN(const std::vector<std::string> blobs, storage.blobs->List());
    if (!blobs.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("data: ", records.string(), " is not there, but ", blobs.size(),
                       " blobs are: restore it from a backup, or begin in an empty folder"));
    }
  }
  ASSIGN_OR_RETURN(storage.database, Database::OpenSqlite(records, RegistryMigrations()));
  return storage;
}

absl::Status TidyUp(RegistryStorage& storage) {
  ASSIGN_OR_RETURN(const Orphans orphans, RemoveOrphans(*storage.database, *storage.blobs));
  if (orphans.removed > 0) {
    LogInfo("removed orphaned blobs, which no record named", {{"blobs", orphans.removed}});
  }
  if (orphans.kept > 0) {
    LogWarning(
        "no record names many of the blobs; all are kept, as the database may be out of date; "
        "imprint-registry --fsck lists them",
        {{"blobs", orphans.kept}});
  }
  return absl::OkStatus();
}

void MeasureBlobs(const std::shared_ptr<BlobStore>& blobs, Metrics& metrics) {
  prometheus::Gauge& count =
      metrics.Gauge("imprint_blobs", "Files of pictures and embeddings in the store.");
  prometheus::Gauge& bytes = metrics.Gauge("imprint_blob_bytes", "What they take.");
  metrics.BeforeScrape([blobs, &count, &bytes] {
    const BlobStore::Usage used = blobs->Used();
    count.Set(static_cast<double>(used.blobs));
    bytes.Set(static_cast<double>(used.bytes));
  });
}

}  // namespace

struct RegistryProcess::Parts {
  Parts(RegistryStorage opened, const ModelRoots& roots, int max_uploads, int64_t picture_memory,
        Metrics& metrics)
      : storage(std::move(opened)),
        memory(picture_memory),
        models(*storage.database),
        blobs(*storage.database, *storage.blobs),
        references(*storage.database, blobs, memory),
        concepts(*storage.database),
        embeddings(*storage.database, blobs, models),
        image_sets(*storage.database, blobs, models),
        items(*storage.database, blobs, memory),
        adoption(*storage.database),
        tickets(*storage.database),
        tokens(models, concepts),
        registry_api(models, roots, references, concepts, embeddings, image_sets, items,
                     max_uploads, metrics),
        transfer_api(tickets, tokens, references, embeddings, image_sets, items, adoption, memory,
                     metrics) {
    memory.Show(metrics);
  }

  // Each refers to those above it, and goes before them.
  RegistryStorage storage;
  PictureMemory memory;
  BaseModels models;
  RecordedBlobs blobs;
  ReferenceSets references;
  Concepts concepts;
  Embeddings embeddings;
  ImageSets image_sets;
  Items items;
  ItemAdoption adoption;
  Tickets tickets;
  TokenCheck tokens;
  RegistryApi registry_api;
  TransferApi transfer_api;
};

RegistryProcess::RegistryProcess() = default;
RegistryProcess::~RegistryProcess() = default;

void RegistryProcess::AddFlags(CLI::App& app) {
  app.add_option("--data", data_, "Folder of the database and the blobs")
      ->type_name("FOLDER")
      ->required();
  app.add_option("--max-uploads", max_uploads_,
                 "Reference sets and embeddings that are taken in at once; others are told to come "
                 "again")
      ->capture_default_str();
  app.add_option("--picture-memory-mb", picture_memory_mb_,
                 "For all pictures that are decoded at once; others wait")
      ->capture_default_str();
  roots_.AddFlags(app);
}

absl::Status RegistryProcess::Open(Metrics& metrics) {
  if (max_uploads_ < 1 || max_uploads_ > kMostUploads) {
    return FieldError("max-uploads", absl::StrCat(max_uploads_),
                      absl::StrCat("1 to ", kMostUploads));
  }
  if (picture_memory_mb_ < kLeastPictureMemoryMb || picture_memory_mb_ > kMostPictureMemoryMb) {
    return FieldError("picture-memory-mb", absl::StrCat(picture_memory_mb_),
                      absl::StrCat(kLeastPictureMemoryMb, " to ", kMostPictureMemoryMb));
  }
  RETURN_IF_ERROR(roots_.CheckFlags());
  ASSIGN_OR_RETURN(RegistryStorage storage, OpenStorage(data_));
  MeasureData(data_, fs::path(data_) / "registry.db", metrics);
  MeasureBlobs(storage.blobs, metrics);
  // Nothing that a damaged database says is believed: no blob is removed because it is not named.
  if (const absl::Status whole = storage.database->Check(); absl::IsDataLoss(whole)) {
    LogError("the database is damaged; no blob is removed, and calls fail until it is restored",
             {{"error", Diagnosed(whole)}});
  } else {
    RETURN_IF_ERROR(TidyUp(storage));
  }
  parts_ = std::make_unique<Parts>(std::move(storage), roots_, max_uploads_,
                                   int64_t{picture_memory_mb_} << 20, metrics);
  return absl::OkStatus();
}

absl::Status RegistryProcess::CanServe() { return parts_->storage.database->Check(); }

std::vector<grpc::Service*> RegistryProcess::Endpoints() {
  return {&parts_->registry_api, &parts_->transfer_api};
}

}  // namespace imprint::registry
