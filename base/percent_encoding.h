// Encodes paths in URIs (RFC 3986).
#pragma once

#include <filesystem>
#include <string>

namespace imprint {

// Encodes every byte except letters, digits, "/", "-", ".", "_" and "~" as %XX.
std::string PercentEncoded(const std::filesystem::path& path);

}  // namespace imprint
