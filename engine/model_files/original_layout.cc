#include "engine/model_files/original_layout.h"

#include "absl/strings/str_cat.h"

namespace imprint::engine {

int64_t ExtentOf(const TensorViews& tensors, absl::string_view name, size_t dimension) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.shape.size() <= dimension) return 0;
  return found->second.shape[dimension];
}

int64_t CountNumbered(const TensorViews& tensors, absl::string_view prefix,
                      absl::string_view suffix) {
  int64_t count = 0;
  while (tensors.contains(absl::StrCat(prefix, count, suffix))) ++count;
  return count;
}

}  // namespace imprint::engine
