#include "engine/runtime/torch_errors.h"

#include <exception>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <c10/util/Exception.h>

namespace imprint {
namespace {

constexpr const char* kDeviceError = "the device failed: ";

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

absl::Status StatusFromCurrentException() {
  try {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("out of memory: ", FirstLine(error.what_without_backtrace())));
  } catch (const c10::AcceleratorError& error) {
    return absl::UnavailableError(
        absl::StrCat(kDeviceError, FirstLine(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    const std::string message = FirstLine(error.what_without_backtrace());
    // The CPU allocator has no error type of its own.
    if (absl::StrContains(message, "DefaultCPUAllocator: can't allocate memory")) {
      return absl::ResourceExhaustedError(absl::StrCat("out of memory: ", message));
    }
    return absl::InternalError(absl::StrCat("LibTorch: ", message));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(FirstLine(error.what()));
  }
}

bool IsDeviceError(const absl::Status& status) {
  return absl::IsUnavailable(status) && absl::StartsWith(status.message(), kDeviceError);
}

}  // namespace imprint
