#include "services/server/call.h"

#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "rpc/client_call.h"
#include "services/server/log.h"

namespace imprint {
namespace {

constexpr size_t kTraceIdLength = 32;

}  // namespace

grpc::Status Answered(const absl::Status& status) {
  if (absl::IsInternal(status) || absl::IsDataLoss(status) || absl::IsUnknown(status)) {
    LogError("a call failed on the server's side; the caller gets the error without its diagnosis",
             {{"error", Diagnosed(status)}});
  }
  return ToGrpc(status);
}

std::string TraceId(const grpc::ServerContextBase& context) {
  // The header has the form version-trace-parent-flags; newer versions may add parts.
  const std::vector<std::string> parts = absl::StrSplit(TraceParentOf(context), '-');
  if (parts.size() >= 4 && parts[1].size() == kTraceIdLength) {
    bool hexadecimal = true;
    for (const char c : parts[1]) hexadecimal = hexadecimal && absl::ascii_isxdigit(c);
    if (hexadecimal) return parts[1];
  }
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

}  // namespace imprint
