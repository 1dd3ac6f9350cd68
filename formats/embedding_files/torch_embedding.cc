#include "formats/embedding_files/torch_embedding.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_choice.h"
#include "formats/torch_files/torch_file.h"

namespace imprint {
namespace {

// What AUTOMATIC1111 and, before it, rinongal keep the vectors under.
constexpr absl::string_view kParameters = "string_to_param";

// What a tensor is called that was saved by itself.
constexpr const char* kBareName = "tensor";

// Returns every key as text. Hypernetworks, which are told by them, have numbers among theirs.
std::vector<std::string> Names(const PickleDict& dict) {
  std::vector<std::string> names;
  for (const auto& [key, value] : dict.items) {
    if (const auto* text = key->As<std::string>()) names.push_back(*text);
    if (const auto* number = key->As<int64_t>()) names.push_back(absl::StrCat(*number));
  }
  return names;
}

std::vector<std::string> TensorNames(const PickleDict& dict) {
  std::vector<std::string> names;
  for (const auto& [key, value] : dict.items) {
    const auto* text = key->As<std::string>();
    if (text != nullptr && value->As<PickledTensor>() != nullptr) names.push_back(*text);
  }
  return names;
}

// `name` is for errors, and the embedding's token.
absl::StatusOr<LearnedEmbedding> ReadTensor(const PickledTensor& tensor, const std::string& name,
                                            TorchFile& file) {
  RETURN_IF_ERROR(InContext(Quoted(name), CheckEmbeddingShape(tensor.storage.type, tensor.shape)));
  const auto values = file.Read(tensor);
  if (!values.ok()) return InContext(Quoted(name), values.status());
  return EmbeddingFromTensor(name, {tensor.storage.type, tensor.shape,
                                    std::as_bytes(std::span(values->data(), values->size()))});
}

absl::StatusOr<LearnedEmbedding> ReadFrom(const PickleDict& dict, const std::string& name,
                                          TorchFile& file) {
  const PickleValue* value = Find(dict, name);
  const auto* tensor = value == nullptr ? nullptr : value->As<PickledTensor>();
  if (tensor == nullptr) {
    return FieldError(Quoted(name), value == nullptr ? "none" : Describe(*value), "a tensor");
  }
  return ReadTensor(*tensor, name, file);
}

TensorMetadata A1111Provenance(const PickleDict& root) {
  TensorMetadata provenance;
  for (const char* key : {"name", "step", "sd_checkpoint", "sd_checkpoint_name"}) {
    const PickleValue* value = Find(root, key);
    if (value == nullptr) continue;
    std::string& kept = provenance[absl::StrCat("a1111.", key)];
    if (const auto* text = value->As<std::string>()) kept = *text;
    if (const auto* number = value->As<int64_t>()) kept = absl::StrCat(*number);
    if (kept.empty()) provenance.erase(absl::StrCat("a1111.", key));
  }
  return provenance;
}

}  // namespace

absl::StatusOr<TorchEmbedding> ReadTorchEmbedding(std::span<const std::byte> bytes,
                                                  absl::string_view wanted) {
  ASSIGN_OR_RETURN(TorchFile file, TorchFile::Parse(bytes));
  TorchEmbedding result;
  if (const auto* bare = file.root().As<PickledTensor>()) {
    ASSIGN_OR_RETURN(result.embedding, ReadTensor(*bare, kBareName, file));
    result.embedding.token.clear();
    result.named_by_file = true;
    return result;
  }
  const PickleDict* root = AsDict(file.root());
  if (root == nullptr) {
    return FieldError("file", Describe(file.root()),
                      "an embedding: a tensor, or a dict of one or more");
  }
  const PickleValue* held = Find(*root, kParameters);
  if (held == nullptr) {
    RETURN_IF_ERROR(RefuseForeignFile(Names(*root)));
    std::vector<std::string> names = TensorNames(*root);
    std::vector<std::string> remarks;
    RETURN_IF_ERROR(SetOutputVectorsAside(names, remarks));
    ASSIGN_OR_RETURN(const std::string name, ChooseEmbedding(names, wanted));
    ASSIGN_OR_RETURN(result.embedding, ReadFrom(*root, name, file));
    result.embedding.remarks = std::move(remarks);
    result.named_by_file = IsLayoutName(name);
    return result;
  }
  const PickleDict* parameters = AsDict(*held);
  if (parameters == nullptr) {
    return FieldError(kParameters, Describe(*held), "a dict of tensors");
  }
  const auto name = ChooseEmbedding(TensorNames(*parameters), wanted);
  if (!name.ok()) return InContext(kParameters, name.status());
  ASSIGN_OR_RETURN(result.embedding, ReadFrom(*parameters, *name, file));
  result.embedding.provenance = A1111Provenance(*root);
  const auto known = result.embedding.provenance.find("a1111.name");
  result.embedding.token = known == result.embedding.provenance.end() ? "" : known->second;
  result.named_by_file = true;
  return result;
}

}  // namespace imprint
