// Reads embedding files as other tools write them: Diffusers, AUTOMATIC1111, kohya, InvokeAI,
// OneTrainer and rinongal's first scripts. docs/files.md has the table of their layouts.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/rgb_image.h"
#include "formats/learned_embedding.h"

namespace imprint {

struct EmbeddingFileOptions {
  // The word that the embedding gets; empty takes the file's own. It also chooses among several
  // embeddings that a file holds under their words.
  std::string token;
  // The file's name ("mia.pt"), which is the word for tools whose files hold none.
  std::string name;
  // For pictures: decodes the pixels, in which AUTOMATIC1111 hides embeddings; without it only a
  // PNG's texts are read.
  std::function<absl::StatusOr<RgbImage>(std::span<const std::byte>)> decode_picture = nullptr;
};

// Reads one embedding of floating-point numbers, [n, d] or [d]:
//   .safetensors with a tensor named by its word, or "emb_params", or "emp_params";
//   .pt and .bin of torch.save, old or new, with a dict of one tensor named by its word, or with
//   "string_to_param", or with a tensor alone;
//   .png of AUTOMATIC1111, in a text or in the pixels, and other pictures of it, in the pixels.
// What AUTOMATIC1111 stores beside the vectors becomes provenance: "a1111.name", "a1111.step",
// "a1111.sd_checkpoint", "a1111.sd_checkpoint_name".
//
// INVALID_ARGUMENT, naming `origin`, for several embeddings of which none is asked for, for what is
// not an embedding of Stable Diffusion 1 or 2 (SDXL's, LoRAs, hypernetworks, whole models: by
// name), for damaged files, values that are not finite, no word at all, and pickles that name
// anything but tensors and dicts. No code in a file is ever run.
absl::StatusOr<LearnedEmbedding> ParseEmbeddingFile(absl::string_view bytes,
                                                    const std::string& origin,
                                                    const EmbeddingFileOptions& options = {});

// Does the same for a file, whose name is taken for `options.name` if that is empty.
absl::StatusOr<LearnedEmbedding> ReadEmbeddingFile(const std::filesystem::path& path,
                                                   EmbeddingFileOptions options = {});

}  // namespace imprint
