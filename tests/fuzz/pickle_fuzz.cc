// Any bytes as a pickle: refused, or values of which every one can be described.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"

#include "formats/torch_files/pickle_limits.h"
#include "formats/torch_files/pickle_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto pickle = imprint::ParsePickle({reinterpret_cast<const char*>(data), size});
  if (!pickle.ok()) return 0;
  if (pickle->size > size || pickle->values.size() > imprint::kMaxPickleValues) std::abort();
  for (const imprint::PickleValue& value : pickle->values) {
    if (Describe(value).empty()) std::abort();
    if (const imprint::PickleDict* dict = AsDict(value)) Find(*dict, "string_to_param");
  }
  return 0;
}
