#include "formats/torch_files/pickle_value.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"

namespace imprint {
namespace {

struct Description {
  std::string operator()(const PickleNone&) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(int64_t value) const { return absl::StrCat("the number ", value); }
  std::string operator()(double value) const { return absl::StrCat("the number ", value); }
  std::string operator()(const std::string& text) const {
    return absl::StrCat("the text ", Quoted(text));
  }
  std::string operator()(const PickleBytes& bytes) const {
    return absl::StrCat(bytes.bytes.size(), " bytes");
  }
  std::string operator()(const PickleList& list) const {
    return absl::StrCat("a list of ", list.items.size());
  }
  std::string operator()(const PickleTuple& tuple) const {
    return absl::StrCat("a tuple of ", tuple.items.size());
  }
  std::string operator()(const PickleDict& dict) const {
    return absl::StrCat("a dict of ", dict.items.size());
  }
  std::string operator()(const PickleParameterDict&) const { return "a ParameterDict"; }
  std::string operator()(const PickleGlobal& global) const {
    return absl::StrCat("the global ", Name(global));
  }
  std::string operator()(const PickledStorage&) const { return "a storage"; }
  std::string operator()(const PickledTensor& tensor) const {
    return absl::StrCat("a tensor, ", Name(tensor.storage.type), " [",
                        absl::StrJoin(tensor.shape, ", "), "]");
  }
};

}  // namespace

std::string Describe(const PickleValue& value) { return std::visit(Description(), value.content); }

const PickleDict* AsDict(const PickleValue& value) {
  if (const auto* parameters = value.As<PickleParameterDict>()) {
    const auto* state =
        parameters->state == nullptr ? nullptr : parameters->state->As<PickleDict>();
    const PickleValue* held = state == nullptr ? nullptr : Find(*state, "_parameters");
    return held == nullptr ? nullptr : held->As<PickleDict>();
  }
  return value.As<PickleDict>();
}

const PickleValue* Find(const PickleDict& dict, absl::string_view key) {
  const PickleValue* found = nullptr;
  for (const auto& [name, value] : dict.items) {
    const auto* text = name->As<std::string>();
    // No break: as in Python, the last of repeated keys counts.
    if (text != nullptr && *text == key) found = value;
  }
  return found;
}

}  // namespace imprint
