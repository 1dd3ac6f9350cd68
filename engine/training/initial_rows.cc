#include "engine/training/initial_rows.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "engine/model/model_parts.h"

namespace imprint::engine {
namespace {

constexpr size_t kMaxClassTokens = 16;

}  // namespace

absl::StatusOr<at::Tensor> InitialRows(const BaseModel& model, absl::string_view class_word,
                                       int vectors) {
  const std::vector<int32_t> ids = model.tokenizer().EncodeBare(class_word);
  if (ids.empty()) {
    return FieldError("class_word", Quoted(class_word),
                      "a word for what kind of thing it is, such as \"dog\"");
  }
  if (ids.size() > kMaxClassTokens) {
    return FieldError("class_word", absl::StrCat(Quoted(class_word), ", ", ids.size(), " tokens"),
                      "one or two words");
  }
  const at::Tensor rows = model.parts().text_encoder.TokenRows(ids);
  if (vectors == 1 && rows.size(0) > 1) {
    const at::Tensor mean = rows.mean(0, /*keepdim=*/true);
    return mean * (rows.norm(2, {-1}).mean() / mean.norm().clamp_min(1e-12));
  }
  std::vector<int64_t> order;
  for (int i = 0; i < vectors; ++i) order.push_back(i % rows.size(0));
  return rows.index_select(0, at::tensor(order).to(rows.device())).clone();
}

}  // namespace imprint::engine
