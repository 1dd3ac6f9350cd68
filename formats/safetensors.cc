#include "formats/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <nlohmann/json.hpp>

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

constexpr size_t kLengthBytes = 8;
// The reference implementation's limit.
constexpr size_t kMaxHeaderBytes = 100'000'000;
constexpr absl::string_view kMetadataKey = "__metadata__";

// Returns the JSON unless a key is repeated at any level: the format forbids that, since readers
// would disagree on which counts.
std::optional<nlohmann::json> ParseHeaderJson(absl::string_view text) {
  std::vector<std::set<std::string>> seen;
  bool repeated = false;
  const auto note_keys = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) seen.emplace_back();
    if (event == Event::object_end) seen.pop_back();
    if (event == Event::key) repeated |= !seen.back().insert(value.get<std::string>()).second;
    return true;
  };
  nlohmann::json header = nlohmann::json::parse(text, note_keys, /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object() || repeated) return std::nullopt;
  return header;
}

// The bytes that a tensor of this type and shape takes; nothing on overflow.
std::optional<size_t> ByteSize(DType type, const std::vector<int64_t>& shape) {
  size_t size = ElementSize(type);
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(size, static_cast<size_t>(extent), &size)) return std::nullopt;
  }
  return size;
}

std::optional<std::vector<int64_t>> WholeNumbers(const nlohmann::json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const nlohmann::json& element : list) {
    if (!element.is_number_unsigned() || element.get<uint64_t>() > INT64_MAX) return std::nullopt;
    numbers.push_back(element.get<int64_t>());
  }
  return numbers;
}

struct Extent {
  size_t begin;
  size_t end;
  std::string name;
};

// One header entry, checked against the size of the data that follows the header.
absl::Status ParseTensor(const std::string& name, const nlohmann::json& entry,
                         std::span<const std::byte> data, TensorView& tensor, Extent& extent) {
  if (!entry.is_object()) return absl::InvalidArgumentError("its entry is not an object");
  const auto field = [&entry](const char* key) {
    return entry.contains(key) ? entry[key] : nlohmann::json();
  };

  const nlohmann::json type_name = field("dtype");
  const std::optional<DType> type =
      type_name.is_string() ? DTypeNamed(type_name.get<std::string>()) : std::nullopt;
  if (!type) return FieldError("dtype", Quoted(type_name.dump()), "a type such as \"F32\"");

  const nlohmann::json shape_json = field("shape");
  auto shape = WholeNumbers(shape_json);
  if (!shape) return FieldError("shape", Quoted(shape_json.dump()), "a list of whole numbers");
  const std::optional<size_t> size = ByteSize(*type, *shape);
  if (!size) return FieldError("shape", Quoted(shape_json.dump()), "a size below 2^64 bytes");

  const nlohmann::json offsets_json = field("data_offsets");
  const auto offsets = WholeNumbers(offsets_json);
  if (!offsets || offsets->size() != 2) {
    return FieldError("data_offsets", Quoted(offsets_json.dump()), "[begin, end]");
  }
  const auto begin = static_cast<size_t>((*offsets)[0]);
  const auto end = static_cast<size_t>((*offsets)[1]);
  if (begin > end || end > data.size()) {
    return FieldError("data_offsets", Quoted(offsets_json.dump()),
                      absl::StrCat("a range within the ", data.size(),
                                   " bytes that follow the header (is the file truncated?)"));
  }
  if (end - begin != *size) {
    return FieldError("data_offsets", absl::StrCat(end - begin, " bytes"),
                      absl::StrCat(*size, " bytes, as its type and shape say"));
  }

  tensor = {*type, *std::move(shape), data.subspan(begin, end - begin)};
  extent = {begin, end, name};
  return absl::OkStatus();
}

// Tensors must follow one another without overlap and fill the data to its end.
absl::Status CheckTiling(std::vector<Extent>& extents, size_t data_size) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  // The format forbids holes, in which a file of another kind could lie.
  size_t position = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != position) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", Quoted(extent.name), ": data_offsets: begins at byte ",
                       extent.begin, extent.begin < position ? ", inside" : ", leaving a gap after",
                       " the tensor before it; expected byte ", position));
    }
    position = extent.end;
  }
  if (position != data_size) {
    return absl::InvalidArgumentError(absl::StrCat("its tensors end at byte ", position, " of ",
                                                   data_size, " that follow the header"));
  }
  return absl::OkStatus();
}

absl::Status ParseMetadata(const nlohmann::json& entry, TensorMetadata& metadata) {
  if (!entry.is_object()) return FieldError(kMetadataKey, entry.type_name(), "an object");
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) {
      return FieldError(absl::StrCat(kMetadataKey, ": ", Quoted(key)), value.type_name(),
                        "a string");
    }
    metadata[key] = value.get<std::string>();
  }
  return absl::OkStatus();
}

absl::Status Parse(std::span<const std::byte> bytes, TensorViews& tensors,
                   TensorMetadata& metadata) {
  uint64_t header_size = 0;
  if (bytes.size() < kLengthBytes) {
    return absl::InvalidArgumentError(absl::StrCat("not a safetensors file: ", bytes.size(),
                                                   " bytes are too few to hold a header"));
  }
  std::memcpy(&header_size, bytes.data(), kLengthBytes);
  if (header_size > std::min(bytes.size() - kLengthBytes, kMaxHeaderBytes)) {
    return FieldError(
        "header length", absl::StrCat(header_size),
        absl::StrCat("at most ", std::min(bytes.size() - kLengthBytes, kMaxHeaderBytes),
                     " (is it a safetensors file, and whole?)"));
  }
  const auto header_bytes = bytes.subspan(kLengthBytes, header_size);
  const auto data = bytes.subspan(kLengthBytes + header_size);

  const absl::string_view header_text(reinterpret_cast<const char*>(header_bytes.data()),
                                      header_bytes.size());
  // Before anything else, as copying what was parsed recurses.
  if (NestsDeeperThan(header_text, kMaxJsonDepth)) {
    return FieldError("header", absl::StrCat("brackets nested more than ", kMaxJsonDepth, " deep"),
                      "{name: {dtype, shape, data_offsets}}");
  }
  const std::optional<nlohmann::json> header = ParseHeaderJson(header_text);
  if (!header) {
    return absl::InvalidArgumentError("its header is not a JSON object with distinct names");
  }

  std::vector<Extent> extents;
  for (const auto& [name, entry] : header->items()) {
    if (name == kMetadataKey) {
      RETURN_IF_ERROR(ParseMetadata(entry, metadata));
      continue;
    }
    TensorView tensor;
    Extent extent;
    RETURN_IF_ERROR(InContext(absl::StrCat("tensor ", Quoted(name)),
                              ParseTensor(name, entry, data, tensor, extent)));
    tensors.emplace(name, std::move(tensor));
    extents.push_back(std::move(extent));
  }
  return CheckTiling(extents, data.size());
}

}  // namespace

std::string Describe(const TensorView& tensor) {
  return absl::StrCat(Name(tensor.type), " [", absl::StrJoin(tensor.shape, ", "), "]");
}

absl::Status ParseSafetensors(std::span<const std::byte> bytes, absl::string_view origin,
                              TensorViews& tensors, TensorMetadata& metadata) {
  return InContext(origin, Parse(bytes, tensors, metadata));
}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  SafetensorsFile result;
  result.path_ = path.string();
  ASSIGN_OR_RETURN(result.file_, MappedFile::Open(path));
  RETURN_IF_ERROR(
      ParseSafetensors(result.file_->bytes(), path.string(), result.tensors_, result.metadata_));
  return result;
}

std::string SerializeSafetensors(const TensorViews& tensors, const TensorMetadata& metadata) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  size_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    header[name] = {{"dtype", Name(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", {position, position + tensor.data.size()}}};
    position += tensor.data.size();
  }
  // Spaces after the header align the data to 8 bytes, as the format asks.
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');

  const uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.reserve(kLengthBytes + text.size() + position);
  file += text;
  for (const auto& [name, tensor] : tensors) {
    file.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  }
  return file;
}

}  // namespace imprint
