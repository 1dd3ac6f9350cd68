// The options of `draw`: prompts, seeds, sizes, formats; and the names of its pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/picture_size.h"
#include "imaging/picture_format.h"

namespace imprint::cli {

// The most pictures that one command draws.
inline constexpr size_t kMaxDrawnPictures = 10'000;

// The number of seeds of pictures for comparison, which have the class word in the token's place.
inline constexpr size_t kComparedSeeds = 2;

// Parses "1,2,5-8" into 1 2 5 6 7 8. Returns INVALID_ARGUMENT naming seeds.
absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text);

// Parses "640x512" or "512" (a square); empty is 0x0, the model's own size. Returns
// INVALID_ARGUMENT naming size.
absl::StatusOr<PictureSize> ParseSize(absl::string_view text);

// Parses "png", "jpeg" (or "jpg") or "webp". Returns INVALID_ARGUMENT naming format.
absl::StatusOr<PictureFormat> ParsePictureFormat(absl::string_view name);

// Returns a file's lines that are not blank, without the white space around them; UTF-8, with or
// without a byte order mark. Returns INVALID_ARGUMENT naming prompts.
absl::StatusOr<std::vector<std::string>> ReadPrompts(const std::filesystem::path& path);

// Returns INVALID_ARGUMENT if there is no prompt or seed, or more than kMaxDrawnPictures of both.
absl::Status CheckPictureCount(size_t prompts, size_t seeds);

// Returns the name of picture `number` (from 1) without its extension: "007-pip-in-the-snow-s3". It
// is safe on any system, whatever the prompt says.
std::string PictureFileName(size_t number, absl::string_view prompt, uint64_t seed);

}  // namespace imprint::cli
