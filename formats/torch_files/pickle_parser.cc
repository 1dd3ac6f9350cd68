#include "formats/torch_files/pickle_parser.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/torch_files/pickle_calls.h"
#include "formats/torch_files/pickle_limits.h"
#include "formats/torch_files/pickle_opcodes.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

static_assert(std::endian::native == std::endian::little, "pickles' numbers are little-endian");

constexpr int kFirstProtocol = 2;
constexpr int kLastProtocol = 5;
// Module and name of a global: the longest of ours has 41 bytes.
constexpr size_t kMaxGlobalName = 256;

using Refs = std::vector<PickleRef>;

absl::Status RefusedGlobal(absl::string_view module, absl::string_view name) {
  return FieldError("global", Quoted(absl::StrCat(module, ".", name)),
                    "only what tensors and dicts need; nothing in the file was executed");
}

// The stack machine that Python's pickle module documents, less everything that runs code.
class Machine {
 public:
  explicit Machine(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Pickle> Run() {
    while (pickle_.root == nullptr) {
      const size_t start = position_;
      absl::Status status = Step();
      if (status.ok()) status = CheckLimits();
      if (!status.ok()) return InContext(absl::StrCat("byte ", start, " of its pickle"), status);
    }
    pickle_.size = position_;
    return std::move(pickle_);
  }

 private:
  absl::Status Step() {
    ASSIGN_OR_RETURN(const auto opcode, Number<uint8_t>());
    switch (static_cast<PickleOpcode>(opcode)) {
      case PickleOpcode::kProto:
        return Protocol();
      case PickleOpcode::kFrame:  // Says only how much a reader may fetch at once.
        return Number<uint64_t>().status();
      case PickleOpcode::kStop:
        return Finish();
      case PickleOpcode::kMark:
        marks_.push_back(stack_.size());
        return absl::OkStatus();

      case PickleOpcode::kNone:
        return Push(PickleNone{});
      case PickleOpcode::kNewTrue:
        return Push(true);
      case PickleOpcode::kNewFalse:
        return Push(false);
      case PickleOpcode::kBinInt:
        return PushNumber<int32_t>();
      case PickleOpcode::kBinInt1:
        return PushNumber<uint8_t>();
      case PickleOpcode::kBinInt2:
        return PushNumber<uint16_t>();
      case PickleOpcode::kLong1:
        return PushLong();
      case PickleOpcode::kBinFloat:
        return PushFloat();

      case PickleOpcode::kShortBinUnicode:
      case PickleOpcode::kShortBinString:
        return PushText<uint8_t>();
      case PickleOpcode::kBinUnicode:
      case PickleOpcode::kBinString:
        return PushText<uint32_t>();
      case PickleOpcode::kBinUnicode8:
        return PushText<uint64_t>();
      case PickleOpcode::kShortBinBytes:
        return PushBytes<uint8_t>();
      case PickleOpcode::kBinBytes:
        return PushBytes<uint32_t>();

      case PickleOpcode::kEmptyList:
      case PickleOpcode::kEmptySet:
        return Push(PickleList{});
      case PickleOpcode::kAppend:
        return Append(1);
      case PickleOpcode::kAppends:
      case PickleOpcode::kAddItems:
        return Append(kSinceMark);
      case PickleOpcode::kEmptyDict:
        return Push(PickleDict{});
      case PickleOpcode::kSetItem:
        return SetItems(2);
      case PickleOpcode::kSetItems:
        return SetItems(kSinceMark);
      case PickleOpcode::kEmptyTuple:
        return Push(PickleTuple{});
      case PickleOpcode::kTuple1:
        return MakeTuple(1);
      case PickleOpcode::kTuple2:
        return MakeTuple(2);
      case PickleOpcode::kTuple3:
        return MakeTuple(3);
      case PickleOpcode::kTuple:
        return MakeTuple(kSinceMark);

      case PickleOpcode::kBinPut:
        return Put<uint8_t>();
      case PickleOpcode::kLongBinPut:
        return Put<uint32_t>();
      case PickleOpcode::kMemoize:
        return Memoize(memo_.size());
      case PickleOpcode::kBinGet:
        return Get<uint8_t>();
      case PickleOpcode::kLongBinGet:
        return Get<uint32_t>();

      case PickleOpcode::kGlobal:
        return GlobalByLines();
      case PickleOpcode::kStackGlobal:
        return GlobalFromStack();
      case PickleOpcode::kReduce:
      case PickleOpcode::kNewObj:
        return Call();
      case PickleOpcode::kBuild:
        return Build();
      case PickleOpcode::kBinPersId:
        return PersistentId();
    }
    return FieldError("opcode", absl::StrFormat("0x%02x", opcode),
                      "one of those of torch.save; nothing in the file was executed");
  }

  absl::Status Finish() {
    if (stack_.size() != 1 || !marks_.empty()) {
      return FieldError("end", absl::StrCat(stack_.size(), " values, ", marks_.size(), " marks"),
                        "one value");
    }
    return Pop(pickle_.root);
  }

  // After each opcode: a few bytes of a pickle can fetch the same value from the memo again and
  // again.
  absl::Status CheckLimits() const {
    if (pickle_.values.size() > kMaxPickleValues || memo_.size() > kMaxPickleValues ||
        stack_.size() + marks_.size() > kMaxPickleValues) {
      return FieldError("values", absl::StrCat("more than ", kMaxPickleValues),
                        "the few of an embedding");
    }
    return absl::OkStatus();
  }

  absl::Status Protocol() {
    ASSIGN_OR_RETURN(const auto protocol, Number<uint8_t>());
    if (protocol < kFirstProtocol || protocol > kLastProtocol) {
      return FieldError("pickle protocol", absl::StrCat(protocol),
                        absl::StrCat(kFirstProtocol, " to ", kLastProtocol));
    }
    return absl::OkStatus();
  }

  // The next bytes of the pickle.
  absl::StatusOr<absl::string_view> Take(uint64_t size) {
    const size_t left = bytes_.size() - position_;
    if (size > left) {
      return FieldError("length", absl::StrCat(size),
                        absl::StrCat("at most ", left, ", which is what is left of the file"));
    }
    const absl::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  // Texts become words, names and parts of errors, so they must be UTF-8.
  absl::StatusOr<absl::string_view> TakeText(uint64_t size) {
    ASSIGN_OR_RETURN(const absl::string_view text, Take(size));
    if (!IsUtf8(text)) return FieldError("text", "bytes that are no UTF-8", "UTF-8");
    return text;
  }

  template <typename T>
  absl::StatusOr<T> Number() {
    ASSIGN_OR_RETURN(const absl::string_view bytes, Take(sizeof(T)));
    T number;
    std::memcpy(&number, bytes.data(), sizeof(T));
    return number;
  }

  absl::StatusOr<absl::string_view> Line() {
    const size_t size = bytes_.substr(position_, kMaxGlobalName).find('\n');
    if (size == absl::string_view::npos) {
      return FieldError("global", "a name without an end", "a line of text");
    }
    ASSIGN_OR_RETURN(const absl::string_view line, TakeText(size + 1));
    return line.substr(0, size);
  }

  // Counts what may be popped: values under the last mark belong to an opcode that is still to
  // come.
  size_t Available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  absl::Status Pop(PickleRef& value) {
    if (Available() == 0) return FieldError("stack", "no value", "one for this opcode");
    value = stack_.back();
    stack_.pop_back();
    return absl::OkStatus();
  }

  absl::StatusOr<Refs> PopMany(size_t count) {
    if (count == kSinceMark) {
      if (marks_.empty()) return FieldError("stack", "no mark", "one for this opcode");
      count = Available();
      marks_.pop_back();
    } else if (Available() < count) {
      return FieldError("stack", absl::StrCat(Available(), " values"), absl::StrCat(count));
    }
    const auto begin = std::prev(stack_.end(), static_cast<std::ptrdiff_t>(count));
    Refs values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return values;
  }

  // The value on top, which stays there, as the kind that an opcode adds to.
  template <typename T>
  absl::StatusOr<T*> Top(const char* expected) {
    if (Available() == 0) return FieldError("stack", "no value", expected);
    T* top = stack_.back()->As<T>();
    if (top == nullptr) return FieldError("stack", Describe(*stack_.back()), expected);
    return top;
  }

  absl::Status Push(PickleValue::Content content) {
    stack_.push_back(&pickle_.values.emplace_back(PickleValue{std::move(content)}));
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status PushNumber() {
    ASSIGN_OR_RETURN(const T number, Number<T>());
    return Push(static_cast<int64_t>(number));
  }

  absl::Status PushLong() {
    ASSIGN_OR_RETURN(const auto size, Number<uint8_t>());
    ASSIGN_OR_RETURN(const absl::string_view bytes, Take(size));
    // torch's magic number is such a long one.
    if (size > sizeof(int64_t)) return Push(PickleBytes{std::string(bytes)});
    // Two's complement, cut to as few bytes as hold it.
    const bool negative = size > 0 && static_cast<int8_t>(bytes.back()) < 0;
    int64_t number = negative ? -1 : 0;
    std::memcpy(&number, bytes.data(), size);
    return Push(number);
  }

  absl::Status PushFloat() {
    ASSIGN_OR_RETURN(const auto bits, Number<uint64_t>());
    // The one number in pickles that is big-endian.
    return Push(std::bit_cast<double>(__builtin_bswap64(bits)));
  }

  template <typename Length>
  absl::Status PushText() {
    ASSIGN_OR_RETURN(const Length size, Number<Length>());
    ASSIGN_OR_RETURN(const absl::string_view text, TakeText(size));
    return Push(std::string(text));
  }

  template <typename Length>
  absl::Status PushBytes() {
    ASSIGN_OR_RETURN(const Length size, Number<Length>());
    ASSIGN_OR_RETURN(const absl::string_view bytes, Take(size));
    return Push(PickleBytes{std::string(bytes)});
  }

  absl::Status Append(size_t count) {
    ASSIGN_OR_RETURN(const Refs added, PopMany(count));
    ASSIGN_OR_RETURN(PickleList* const list, Top<PickleList>("a list"));
    list->items.insert(list->items.end(), added.begin(), added.end());
    return absl::OkStatus();
  }

  absl::Status SetItems(size_t count) {
    ASSIGN_OR_RETURN(const Refs added, PopMany(count));
    ASSIGN_OR_RETURN(PickleDict* const dict, Top<PickleDict>("a dict"));
    if (added.size() % 2 != 0) return FieldError("dict", "a key without a value", "pairs");
    for (size_t i = 0; i < added.size(); i += 2) dict->items.emplace_back(added[i], added[i + 1]);
    return absl::OkStatus();
  }

  absl::Status MakeTuple(size_t count) {
    ASSIGN_OR_RETURN(Refs items, PopMany(count));
    return Push(PickleTuple{std::move(items)});
  }

  absl::Status Memoize(uint64_t index) {
    if (Available() == 0) return FieldError("stack", "no value", "one to remember");
    memo_[index] = stack_.back();
    return absl::OkStatus();
  }

  template <typename Index>
  absl::Status Put() {
    ASSIGN_OR_RETURN(const Index index, Number<Index>());
    return Memoize(index);
  }

  template <typename Index>
  absl::Status Get() {
    ASSIGN_OR_RETURN(const Index index, Number<Index>());
    const auto found = memo_.find(index);
    if (found == memo_.end()) {
      return FieldError("memo", absl::StrCat("entry ", index), "one that was put there before");
    }
    stack_.push_back(found->second);
    return absl::OkStatus();
  }

  absl::Status PushGlobal(absl::string_view module, absl::string_view name) {
    const auto global = FindPickleGlobal(module, name);
    if (!global) return RefusedGlobal(module, name);
    return Push(*global);
  }

  absl::Status GlobalByLines() {
    ASSIGN_OR_RETURN(const absl::string_view module, Line());
    ASSIGN_OR_RETURN(const absl::string_view name, Line());
    return PushGlobal(module, name);
  }

  absl::Status GlobalFromStack() {
    ASSIGN_OR_RETURN(const Refs names, PopMany(2));
    const auto* module = names[0]->As<std::string>();
    const auto* name = names[1]->As<std::string>();
    if (module == nullptr || name == nullptr) {
      return FieldError("global", absl::StrCat(Describe(*names[0]), ", ", Describe(*names[1])),
                        "module and name");
    }
    return PushGlobal(*module, *name);
  }

  absl::Status Call() {
    ASSIGN_OR_RETURN(const Refs parts, PopMany(2));
    const auto* callee = parts[0]->As<PickleGlobal>();
    const auto* arguments = parts[1]->As<PickleTuple>();
    if (callee == nullptr || arguments == nullptr) {
      return FieldError("call", absl::StrCat(Describe(*parts[0]), " of ", Describe(*parts[1])),
                        "a global of a tuple");
    }
    const auto made = CallPickleGlobal(*callee, arguments->items, pickle_.values);
    if (!made.ok()) return InContext(Name(*callee), made.status());
    stack_.push_back(*made);
    return absl::OkStatus();
  }

  absl::Status Build() {
    PickleRef state = nullptr;
    RETURN_IF_ERROR(Pop(state));
    if (Available() == 0) return FieldError("stack", "no value", "one to give a state to");
    if (auto* parameters = stack_.back()->As<PickleParameterDict>()) {
      parameters->state = state;
      return absl::OkStatus();
    }
    // The attributes of an OrderedDict, such as a state dict's _metadata, are of no interest.
    return Top<PickleDict>("a dict").status();
  }

  absl::Status PersistentId() {
    PickleRef id = nullptr;
    RETURN_IF_ERROR(Pop(id));
    if (const PickleRef module = ModuleClassOf(*id); module != nullptr) {
      stack_.push_back(module);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(PickledStorage storage, StorageOf(*id));
    const auto [entry, is_new] = pickle_.storages.try_emplace(storage.key, storage);
    if (!is_new &&
        (entry->second.type != storage.type || entry->second.elements != storage.elements)) {
      return FieldError(absl::StrCat("storage ", Quoted(storage.key)), "two sizes or types",
                        "one of each");
    }
    return Push(std::move(storage));
  }

  // As a count of values: all that came since the last mark.
  static constexpr size_t kSinceMark = SIZE_MAX;

  absl::string_view bytes_;
  size_t position_ = 0;
  Refs stack_;
  std::vector<size_t> marks_;
  absl::flat_hash_map<uint64_t, PickleRef> memo_;
  Pickle pickle_;
};

}  // namespace

absl::StatusOr<Pickle> ParsePickle(absl::string_view bytes) { return Machine(bytes).Run(); }

}  // namespace imprint
