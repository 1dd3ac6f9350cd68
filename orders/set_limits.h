// What one set of pictures may have, however it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace imprint {

inline constexpr int64_t kMaxSetPictures = 1'000'000;
inline constexpr int64_t kMaxSetEmbeddings = 64;
inline constexpr size_t kMaxSetTitleBytes = 200;

}  // namespace imprint
