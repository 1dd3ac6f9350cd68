// For tests: makes zlib streams.
#pragma once

#include <string>
#include <zlib.h>

namespace imprint {

inline std::string Deflated(const std::string& content) {
  uLongf size = compressBound(content.size());
  std::string stream(size, '\0');
  compress(reinterpret_cast<Bytef*>(stream.data()), &size,
           reinterpret_cast<const Bytef*>(content.data()), content.size());
  stream.resize(size);
  return stream;
}

}  // namespace imprint
