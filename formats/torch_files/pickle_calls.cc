#include "formats/torch_files/pickle_calls.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/torch_files/pickle_limits.h"

namespace imprint {
namespace {

using Arguments = std::vector<PickleRef>;

// Tensors of more dimensions are of no interest, and long lists of sizes cost memory.
constexpr size_t kMaxDimensions = 8;

absl::StatusOr<int64_t> Whole(absl::string_view what, const PickleValue& value) {
  const auto* number = value.As<int64_t>();
  if (number == nullptr || *number < 0) {
    return FieldError(what, Describe(value), "a whole number from 0");
  }
  return *number;
}

absl::StatusOr<std::vector<int64_t>> Wholes(absl::string_view what, const PickleValue& value) {
  const auto* tuple = value.As<PickleTuple>();
  if (tuple == nullptr || tuple->items.size() > kMaxDimensions) {
    return FieldError(what, Describe(value),
                      absl::StrCat("a tuple of at most ", kMaxDimensions, " numbers"));
  }
  std::vector<int64_t> numbers;
  for (const PickleValue* item : tuple->items) {
    ASSIGN_OR_RETURN(numbers.emplace_back(), Whole(what, *item));
  }
  return numbers;
}

// The arguments are (storage, offset, shape, strides, ...); what follows says nothing about the
// numbers.
absl::StatusOr<PickledTensor> RebuildTensor(const Arguments& arguments) {
  const auto* storage = arguments.size() < 4 ? nullptr : arguments[0]->As<PickledStorage>();
  if (storage == nullptr) {
    return FieldError("its arguments", absl::StrCat(arguments.size()),
                      "a storage, an offset, a shape and strides");
  }
  PickledTensor tensor{.storage = *storage};
  ASSIGN_OR_RETURN(tensor.offset, Whole("storage offset", *arguments[1]));
  ASSIGN_OR_RETURN(tensor.shape, Wholes("shape", *arguments[2]));
  ASSIGN_OR_RETURN(tensor.strides, Wholes("strides", *arguments[3]));
  if (tensor.shape.size() != tensor.strides.size()) {
    return FieldError("strides", absl::StrCat(tensor.strides.size()),
                      absl::StrCat(tensor.shape.size(), ", one for each of shape"));
  }
  return tensor;
}

template <typename T>
absl::StatusOr<PickleRef> OnlyArgument(const Arguments& arguments, const char* expected) {
  if (arguments.empty() || arguments[0]->As<T>() == nullptr) {
    return FieldError("its argument", arguments.empty() ? "none" : Describe(*arguments[0]),
                      expected);
  }
  return arguments[0];
}

}  // namespace

absl::StatusOr<PickleRef> CallPickleGlobal(const PickleGlobal& callee, const Arguments& arguments,
                                           std::deque<PickleValue>& values) {
  const auto make = [&](auto content) { return &values.emplace_back(PickleValue{content}); };
  switch (callee.kind) {
    case PickleGlobalKind::kOrderedDict:
      if (!arguments.empty()) {
        return FieldError("its arguments", absl::StrCat(arguments.size()), "none");
      }
      return make(PickleDict{});
    case PickleGlobalKind::kParameterDict:
      return make(PickleParameterDict{});
    case PickleGlobalKind::kRebuildTensor: {
      ASSIGN_OR_RETURN(PickledTensor tensor, RebuildTensor(arguments));
      return make(std::move(tensor));
    }
    case PickleGlobalKind::kRebuildParameter:
    case PickleGlobalKind::kParameter:
      return OnlyArgument<PickledTensor>(arguments, "a tensor");
    case PickleGlobalKind::kSet:
      return OnlyArgument<PickleList>(arguments, "a list");
    case PickleGlobalKind::kSize:
      return OnlyArgument<PickleTuple>(arguments, "a tuple");
    case PickleGlobalKind::kDevice:
      return OnlyArgument<std::string>(arguments, "a text");
    case PickleGlobalKind::kStorage:
      break;
  }
  return FieldError("call", Name(callee), "a function that rebuilds a tensor or its container");
}

PickleRef ModuleClassOf(const PickleValue& persistent_id) {
  const auto* parts = persistent_id.As<PickleTuple>();
  if (parts == nullptr || parts->items.size() != 4) return nullptr;
  const auto* word = parts->items[0]->As<std::string>();
  const bool is_module = word != nullptr && *word == "module";
  return is_module && parts->items[1]->As<PickleGlobal>() != nullptr ? parts->items[1] : nullptr;
}

absl::StatusOr<PickledStorage> StorageOf(const PickleValue& persistent_id) {
  const auto* parts = persistent_id.As<PickleTuple>();
  const bool enough = parts != nullptr && (parts->items.size() == 5 || parts->items.size() == 6);
  const auto* word = enough ? parts->items[0]->As<std::string>() : nullptr;
  const auto* type = enough ? parts->items[1]->As<PickleGlobal>() : nullptr;
  const auto* key = enough ? parts->items[2]->As<std::string>() : nullptr;
  if (word == nullptr || *word != "storage" || type == nullptr ||
      type->kind != PickleGlobalKind::kStorage || key == nullptr ||
      (parts->items.size() == 6 && parts->items[5]->As<PickleNone>() == nullptr)) {
    return FieldError("persistent id", Describe(persistent_id),
                      "(\"storage\", a class of torch's storages, key, location, elements)");
  }
  if (key->size() > kMaxStorageKey) {
    return FieldError("storage key", absl::StrCat(key->size(), " bytes"),
                      absl::StrCat("at most ", kMaxStorageKey));
  }
  ASSIGN_OR_RETURN(const int64_t elements, Whole("storage size", *parts->items[4]));
  return PickledStorage{StorageType(*type), *key, elements};
}

}  // namespace imprint
