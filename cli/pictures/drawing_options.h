// What `draw` takes: prompts, seeds, sizes, formats; and what its pictures are called.
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

// What both programs say about their options.
inline constexpr const char* kSolverHelp =
    "ddim, ddpm, pndm, euler, euler_a, dpmpp_2m, dpmpp_2m_sde, unipc, some with _karras, or "
    "another "
    "tool's name of it; default: the model's own";
inline constexpr const char* kEtaHelp = "Fresh noise in each step of ddim, 0 to 1";
inline constexpr const char* kGuidanceRescaleHelp =
    "How far to bring guided pictures back to the contrast of unguided ones, 0 to 1";

inline constexpr const char* kUpscaleHelp =
    "Draw each picture once more, enlarged so many times, 1 to 4: more pixels with detail";
inline constexpr const char* kUpscaleStrengthHelp =
    "Share of steps that this second pass walks: how far it may depart from the first";

// Most pictures that one command draws.
inline constexpr size_t kMaxDrawnPictures = 10'000;

// Pictures for comparison, with the class word in the token's place, are drawn with so many seeds.
inline constexpr size_t kComparedSeeds = 2;

// "1,2,5-8" -> 1 2 5 6 7 8. INVALID_ARGUMENT naming seeds.
absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text);

// "640x512" or "512" (a square); empty is 0x0, the model's own. INVALID_ARGUMENT naming size.
absl::StatusOr<PictureSize> ParseSize(absl::string_view text);

// "png", "jpeg" (or "jpg"), "webp". INVALID_ARGUMENT naming format.
absl::StatusOr<PictureFormat> ParsePictureFormat(absl::string_view name);

// A file's lines that are not blank, without the white space around them; UTF-8, with or without a
// byte order mark. INVALID_ARGUMENT naming prompts.
absl::StatusOr<std::vector<std::string>> ReadPrompts(const std::filesystem::path& path);

// INVALID_ARGUMENT if there is no prompt or seed, or more than kMaxDrawnPictures of both.
absl::Status CheckPictureCount(size_t prompts, size_t seeds);

// The name of picture `number` (from 1) without its ending: "007-pip-in-the-snow-s3". Safe on any
// system, whatever the prompt says.
std::string PictureFileName(size_t number, absl::string_view prompt, uint64_t seed);

}  // namespace imprint::cli
