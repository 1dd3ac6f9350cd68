#include <chrono>
#include <dlfcn.h>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "engine/collective/c10d_collective.h"
#include "engine/collective/nccl_plugin.h"

namespace imprint {
namespace {

using MakeGroup = decltype(&imprint_make_nccl_group);

absl::StatusOr<MakeGroup> OpenPlugin() {
  std::error_code ignored;
  const std::filesystem::path plugin =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / kNcclPlugin;
  void* library = dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("gang on GPUs: ", dlerror()));
  }
  void* function = dlsym(library, "imprint_make_nccl_group");
  if (function == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("gang on GPUs: ", dlerror()));
  }
  return reinterpret_cast<MakeGroup>(function);
}

}  // namespace

absl::StatusOr<c10::intrusive_ptr<c10d::Backend>> MakeNcclGroup(
    const c10::intrusive_ptr<c10d::Store>& store, const GangPlace& place, int gpu) {
  static const absl::StatusOr<MakeGroup> opened = OpenPlugin();
  if (!opened.ok()) return opened.status();
  try {
    return (*opened)(store, place.rank, place.size, gpu,
                     std::chrono::milliseconds(absl::ToInt64Milliseconds(place.patience)));
  } catch (...) {
    return GangError("NCCL");
  }
}

}  // namespace imprint
