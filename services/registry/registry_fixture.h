// For tests: a registry on a real database and a real folder, with the demo model and its pictures.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/status_matchers.h"
#include "formats/learned_embedding.h"
#include "imaging/encode.h"
#include "services/registry/base_models.h"
#include "services/registry/concepts.h"
#include "services/registry/embeddings.h"
#include "services/registry/housekeeping.h"
#include "services/registry/image_sets.h"
#include "services/registry/items.h"
#include "services/registry/picture_memory.h"
#include "services/registry/reference_sets.h"
#include "services/registry/registry_check.h"
#include "services/registry/registry_schema.h"
#include "services/registry/tickets.h"
#include "storage/folder_blob_store.h"

namespace imprint::registry {

class RegistryFixture : public ::testing::Test {
 protected:
  RegistryFixture() {
    v1::CreateBaseModelRequest request;
    request.set_base_model_id("demo");
    request.set_folder(IMPRINT_SOURCE_DIR "/models/demo");
    request.set_licence("Apache-2.0");
    auto model = models_.Create(request);
    EXPECT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  static ReferenceSets::Header Header(const std::string& id) {
    ReferenceSets::Header header;
    header.set_reference_set_id(id);
    header.mutable_rights()->set_creator("Ada");
    header.mutable_rights()->set_licence("CC-BY-4.0");
    header.mutable_rights()->set_people(v1::PEOPLE_SHOWN_NONE);
    return header;
  }

  // Returns some pixels as a PNG; another number gives another picture.
  static std::string Png(int number, int width = 64, int height = 64) {
    RgbImage image = RgbImage::Blank(width, height);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<uint8_t>((i * static_cast<size_t>(number * 37 + 11)) >> 3);
    }
    return *EncodePicture(image, PictureFormat::kPng);
  }

  static ReferenceSets::PictureHeader Announced(const std::string& name, const std::string& file) {
    ReferenceSets::PictureHeader header;
    header.set_file_name(name);
    header.set_bytes(std::ssize(file));
    header.set_sha256(Sha256Hex(file));
    return header;
  }

  absl::StatusOr<v1::ReferenceSet> Upload(const ReferenceSets::Header& header,
                                          const std::vector<std::string>& files) {
    ReferenceSets::Header counted = header;
    counted.set_pictures(static_cast<int>(files.size()));
    auto upload = ReferenceSets::Upload::Begin(references_, counted);
    if (!upload.ok()) return upload.status();
    for (size_t i = 0; i < files.size(); ++i) {
      const absl::Status begun =
          upload->BeginPicture(Announced(absl::StrCat("p", i, ".png"), files[i]));
      if (!begun.ok()) return begun;
      const absl::Status added = upload->Append(files[i]);
      if (!added.ok()) return added;
    }
    return upload->Finish();
  }

  // A training from referenceSets/photos, which is created if it does not exist.
  v1::CommitEmbeddingRequest Trained(const std::string& job) {
    if (!references_.Get("referenceSets/photos").ok()) {
      EXPECT_TRUE(Upload(Header("photos"), {Png(90), Png(91)}).ok());
    }
    v1::CommitEmbeddingRequest request;
    request.set_job(job);
    request.mutable_spec()->set_reference_set("referenceSets/photos");
    request.mutable_spec()->set_base_model("baseModels/demo");
    request.mutable_spec()->set_concept_name("concepts/rex");
    request.mutable_spec()->set_token("<rex>");
    request.mutable_spec()->set_class_word("dog");
    request.set_content(EmbeddingFile("<rex>", model_.embedding_width()));
    return request;
  }

  static std::string EmbeddingFile(const std::string& token, int width) {
    return SerializeLearnedEmbedding({.token = token,
                                      .vectors = 1,
                                      .width = width,
                                      .values = std::vector<float>(static_cast<size_t>(width), 1)});
  }

  static v1::CreateImageSetRequest SetOf(const std::string& job, int items) {
    v1::CreateImageSetRequest request;
    request.set_job(job);
    v1::ImageSetSpec& spec = *request.mutable_spec();
    spec.set_base_model("baseModels/demo");
    spec.add_prompts("<rex>");
    for (int i = 0; i < items; ++i) spec.add_seeds(static_cast<uint64_t>(i));
    return request;
  }

  v1::ImageSet OpenSet(const std::string& job, int items) {
    auto set = image_sets_.Create(SetOf(job, items));
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }

  absl::StatusOr<std::string> Ticket(const std::string& job, int attempt,
                                     const std::string& image_set,
                                     const std::string& reference_set = "") {
    v1::IssueTicketRequest request;
    request.mutable_run()->set_job(job);
    request.mutable_run()->set_attempt(attempt);
    request.set_image_set(image_set);
    request.set_reference_set(reference_set);
    request.set_lifetime_seconds(60);
    auto issued = tickets_.Issue(request);
    if (!issued.ok()) return issued.status();
    return issued->token();
  }

  absl::StatusOr<v1::Item> Draw(const std::string& token, int64_t index, const std::string& file) {
    v1::UploadItemRequest::ItemHeader header;
    header.set_token(token);
    header.mutable_request()->set_index(index);
    header.mutable_request()->set_prompt("<rex>");
    header.mutable_request()->set_width(64);
    header.mutable_request()->set_height(64);
    if (file.empty()) {
      header.mutable_safety()->set_blocked(true);
    } else {
      header.set_sha256(Sha256Hex(file));
    }
    auto upload = Items::Upload::Begin(items_, header);
    if (!upload.ok()) return upload.status();
    if (!file.empty()) {
      const absl::Status added = upload->Append(file);
      if (!added.ok()) return added;
    }
    committed_ = false;
    return upload->Finish(committed_);
  }

  ScratchFolder folder_;
  std::unique_ptr<Database> database_ =
      *Database::OpenSqlite(folder_.path() / "registry.db", RegistryMigrations());
  std::unique_ptr<BlobStore> blobs_ = *OpenBlobFolder(folder_.path() / "blobs");
  BaseModels models_{*database_};
  RecordedBlobs recorded_{*database_, *blobs_};
  PictureMemory memory_{int64_t{1} << 30};
  ReferenceSets references_{*database_, recorded_, memory_};
  Concepts concepts_{*database_};
  Embeddings embeddings_{*database_, recorded_, models_};
  ImageSets image_sets_{*database_, recorded_, models_};
  Items items_{*database_, recorded_, memory_};
  Tickets tickets_{*database_};
  v1::BaseModel model_;
  // Whether the last upload was committed.
  bool committed_ = false;
};

}  // namespace imprint::registry
