// Reads from a manifest.json what it takes to draw its pictures again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "orders/compute_device.h"
#include "orders/picture_manifest.h"
#include "orders/picture_request.h"
#include "orders/precision.h"

namespace imprint {

// A picture's record. What a manifest of an earlier version does not say is empty, or 0; it was
// then computed in fp32.
struct RecordedPicture {
  // Without the picture that it may have begun from.
  PictureRequest request;
  // Its file's name, in the manifest's folder, and the hash of what was written.
  std::string file;
  std::string sha256;
  // Its position in its set, from 0: it decides its place in batches of a fixed size.
  int64_t position = 0;
  // What it was computed with: the version of Imprint, the device and its model, the precision, the
  // threads, and the places of its batches; 0 if these were of no fixed size.
  std::string version;
  std::optional<DeviceKind> device;
  std::string device_model;
  Precision precision = Precision::kFp32;
  int threads = 0;
  int batch_places = 0;
};

struct RecordedPictures {
  // Those that were written.
  std::vector<RecordedPicture> pictures;
  // Where the base model was; empty if only a registry knows.
  std::string model_path;
  std::string model_fingerprint;
  std::vector<ManifestEmbedding> embeddings;
  // The most pictures that were drawn at once, if their batches were of no fixed size.
  int batch = 0;
  // The picture that all of them began from; empty if there was none.
  std::string source_path;
  std::string source_sha256;
};

// Reads a manifest of either command line. INVALID_ARGUMENT naming the file and the field.
absl::StatusOr<RecordedPictures> ReadRecordedPictures(const std::filesystem::path& manifest);

}  // namespace imprint
