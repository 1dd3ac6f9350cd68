// Reads text files that people write, on any system.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Reads a UTF-8 file, without the byte order mark that some editors put in front. INVALID_ARGUMENT
// naming the file if it is in UTF-16 or UTF-32, or larger than `max_bytes`; otherwise the errors of
// MappedFile::Open.
absl::StatusOr<std::string> ReadTextFile(const std::filesystem::path& path, size_t max_bytes);

// Returns the text without a byte order mark.
absl::string_view WithoutByteOrderMark(absl::string_view text);

// Returns the lines, without their line ends: \n, \r\n or \r.
std::vector<absl::string_view> SplitLines(absl::string_view text);

}  // namespace imprint
