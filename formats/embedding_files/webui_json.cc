#include "formats/embedding_files/webui_json.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_choice.h"

namespace imprint {
namespace {

constexpr const char* kStringToParam = "string_to_param";
constexpr const char* kTensor = "TORCHTENSOR";

std::vector<std::string> Names(const JsonObject& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.json().items()) names.push_back(name);
  return names;
}

absl::StatusOr<LearnedEmbedding> FromRows(const std::string& name,
                                          const std::vector<std::vector<double>>& rows) {
  std::vector<float> values;
  for (const std::vector<double>& row : rows) {
    if (row.size() != rows.front().size()) {
      return FieldError(absl::StrCat(Quoted(name), ": ", kTensor),
                        absl::StrCat("rows of ", rows.front().size(), " and ", row.size()),
                        "rows of one length");
    }
    for (const double value : row) values.push_back(static_cast<float>(value));
  }
  const auto width = rows.empty() ? size_t{0} : rows.front().size();
  const std::vector<int64_t> shape = {std::ssize(rows), static_cast<int64_t>(width)};
  return EmbeddingFromTensor(name, {DType::kF32, shape, std::as_bytes(std::span(values))});
}

void KeepWhatIsKnown(const JsonObject& root, LearnedEmbedding& embedding) {
  for (const char* key : {"name", "step", "sd_checkpoint", "sd_checkpoint_name"}) {
    std::string text = root.Get<std::string>(key).value_or("");
    if (const auto number = root.Get<int64_t>(key); number.ok()) text = absl::StrCat(*number);
    if (!text.empty()) embedding.provenance[absl::StrCat("a1111.", key)] = text;
  }
}

}  // namespace

absl::StatusOr<LearnedEmbedding> ParseWebUiJson(absl::string_view json, absl::string_view wanted) {
  ASSIGN_OR_RETURN(const JsonObject root, JsonObject::Parse(json, "sd-ti-embedding"));
  if (!root.Has(kStringToParam)) RETURN_IF_ERROR(RefuseForeignFile(Names(root)));
  ASSIGN_OR_RETURN(const JsonObject parameters, root.Object(kStringToParam));
  const auto name = ChooseEmbedding(Names(parameters), wanted);
  if (!name.ok()) return InContext(kStringToParam, name.status());
  ASSIGN_OR_RETURN(const JsonObject tensor, parameters.Object(*name));
  // An older embedding has one vector, and no list around it.
  auto rows = tensor.Get<std::vector<std::vector<double>>>(kTensor);
  if (const auto row = tensor.Get<std::vector<double>>(kTensor); row.ok()) rows = {*row};
  if (!rows.ok()) return rows.status();
  ASSIGN_OR_RETURN(LearnedEmbedding embedding, FromRows(*name, *rows));
  KeepWhatIsKnown(root, embedding);
  embedding.token = root.Get<std::string>("name").value_or("");
  return embedding;
}

}  // namespace imprint
