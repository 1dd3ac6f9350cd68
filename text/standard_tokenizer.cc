#include "text/standard_tokenizer.h"

namespace imprint {

absl::StatusOr<const ClipTokenizer*> StandardTokenizer() {
  static const absl::StatusOr<ClipTokenizer> standard = ClipTokenizer::Standard("<|endoftext|>");
  if (!standard.ok()) return standard.status();
  return &*standard;
}

}  // namespace imprint
