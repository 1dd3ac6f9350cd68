#include "engine/torch/torch_errors.h"

#include <exception>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <c10/util/Exception.h>

namespace imprint::engine {
namespace {

constexpr int kCudaMemoryAllocation = 2;  // cudaErrorMemoryAllocation
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
    if (error.get_error_code() == kCudaMemoryAllocation) {
      return absl::ResourceExhaustedError(
          absl::StrCat("out of memory: ", FirstLine(error.what_without_backtrace())));
    }
    return absl::UnavailableError(
        absl::StrCat(kDeviceError, FirstLine(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    const std::string message = FirstLine(error.what_without_backtrace());
    // Neither the processor's allocator nor CUDA's libraries have error types of their own.
    if (absl::StrContains(message, "DefaultCPUAllocator: can't allocate memory") ||
        absl::StrContains(message, "CUBLAS_STATUS_ALLOC_FAILED")) {
      return absl::ResourceExhaustedError(absl::StrCat("out of memory: ", message));
    }
    if (absl::StrContains(message, "STATUS_EXECUTION_FAILED")) {  // cuBLAS' and cuDNN's
      return absl::UnavailableError(absl::StrCat(kDeviceError, message));
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

}  // namespace imprint::engine
