// Fits texts into gRPC's trailers, of which callers take 8 KiB: what is longer loses the status
// code with it (gRPC 1.51 to 1.85). Private to rpc.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint {

// Returns the bytes of a status message on the wire, where it is percent-encoded: three for each
// byte that is not printable ASCII
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
size_t WireBytes(absl::string_view text);

// Returns as much of the text, cut between UTF-8 characters and ended by "…", as takes `most` bytes
// on the wire; all of it if it fits.
std::string CutForWire(absl::string_view text, size_t most);

}  // namespace imprint
