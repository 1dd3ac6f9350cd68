#include "imaging/heif_facts.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/coded_size.h"
#include "imaging/heif_boxes.h"

namespace imprint {
namespace {

// How much larger a bitstream may be than its box says: encoders round sides up to blocks.
constexpr int64_t kBlock = 64;

absl::Status Unreadable(absl::string_view what) { return absl::DataLossError(what); }

bool IsCoded(const HeifItem& item) { return item.type == "hvc1" || item.type == "av01"; }

bool IsAlpha(const HeifItem& item) {
  const HeifBox* kind = item.Property("auxC");
  if (kind == nullptr) return false;
  const absl::string_view text = AsText(kind->body);
  return absl::StrContains(text, ":alpha") || absl::StrContains(text, "auxid:1");
}

// ispe; where there are several, the largest.
absl::StatusOr<CodedSize> StatedSize(const HeifItem& item) {
  CodedSize size;
  for (const HeifBox& box : item.properties) {
    if (box.type != "ispe") continue;
    ByteReader reader(box.body);
    reader.Take(4);
    size.width = std::max<int64_t>(size.width, reader.Long());
    size.height = std::max<int64_t>(size.height, reader.Long());
    if (!reader.ok()) return Unreadable("a size");
  }
  if (size.width == 0 || size.height == 0) return Unreadable("a picture without a size");
  return size;
}

// Returns the pieces as one, which `copy` holds where the file does not. Nothing if that is large:
// encoders do not take photos to pieces.
std::optional<ByteSpan> Join(const std::vector<ByteSpan>& pieces, std::string& copy) {
  constexpr size_t kMost = 4 << 20;
  if (pieces.size() == 1) return pieces.front();
  for (const ByteSpan piece : pieces) {
    if (piece.size() > kMost - copy.size()) return std::nullopt;
    absl::StrAppend(&copy, AsText(piece));
  }
  return std::as_bytes(std::span(copy));
}

// Returns the size that an item's bitstream says; nothing if it cannot be read, which is reason to
// refuse it.
std::optional<CodedSize> CodedSizeOf(const HeifItem& item) {
  CodedSize largest;
  const auto add = [&largest](const std::optional<CodedSize>& size) {
    if (size) {
      largest.width = std::max(largest.width, size->width);
      largest.height = std::max(largest.height, size->height);
    }
    return size.has_value();
  };
  std::string copy;
  const std::optional<ByteSpan> data = Join(item.data, copy);
  if (!data) return std::nullopt;
  if (item.type == "hvc1") {
    bool configured = false;
    for (const HeifBox& box : item.properties) {
      if (box.type != "hvcC") continue;
      const auto configuration = ReadHevcConfiguration(box.body);
      if (!configuration || !add(configuration->largest)) return std::nullopt;
      if (!add(LargestHevcPicture(*data, configuration->length_size))) return std::nullopt;
      configured = true;
    }
    if (!configured) return std::nullopt;
  } else {
    ByteSpan configuration;
    for (const HeifBox& box : item.properties) {
      constexpr size_t kHeader = 4;
      if (box.type != "av1C" || box.body.size() <= kHeader) continue;
      if (!configuration.empty()) return std::nullopt;  // readers would not agree which counts
      configuration = box.body.subspan(kHeader);
    }
    if (!add(LargestAv1Picture(configuration, *data))) return std::nullopt;
  }
  if (largest == CodedSize()) return std::nullopt;
  return largest;
}

absl::Status CheckCoded(const HeifItem& item, const SizeLimit& limit) {
  ASSIGN_OR_RETURN(const CodedSize stated, StatedSize(item));
  RETURN_IF_ERROR(CheckSize(stated, limit));
  if (!item.data_known || item.data.empty()) return Unreadable("its pixels are missing");
  const auto coded = CodedSizeOf(item);
  if (!coded) return Unreadable("a bitstream whose size cannot be read");
  if (coded->width > stated.width + kBlock || coded->height > stated.height + kBlock) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a picture that says ", stated.width, "×", stated.height, " outside and ", coded->width,
        "×", coded->height, " inside; save it again with another program"));
  }
  return absl::OkStatus();
}

struct Grid {
  int64_t rows = 0;
  int64_t columns = 0;
  CodedSize size;
};

std::optional<Grid> ReadGrid(const HeifItem& item) {
  std::string copy;
  const std::optional<ByteSpan> data = Join(item.data, copy);
  if (!data) return std::nullopt;
  ByteReader reader(*data);
  reader.Take(1);
  const size_t number = (reader.Byte() & 1) != 0 ? 4 : 2;
  Grid grid;
  grid.rows = reader.Byte() + int64_t{1};
  grid.columns = reader.Byte() + int64_t{1};
  grid.size.width = static_cast<int64_t>(reader.Number(number));
  grid.size.height = static_cast<int64_t>(reader.Number(number));
  if (!reader.ok()) return std::nullopt;
  return grid;
}

// Checks that tiles are no larger than a picture of that size needs. That each is what it claims is
// checked by CheckCoded.
absl::Status CheckGrid(const HeifItem& item, const HeifMeta& meta, const SizeLimit& limit) {
  const auto grid = ReadGrid(item);
  if (!grid || std::ssize(item.parts) != grid->rows * grid->columns) return Unreadable("its tiles");
  RETURN_IF_ERROR(CheckSize(grid->size, limit));
  for (const uint32_t id : item.parts) {
    const auto tile = meta.items.find(id);
    if (tile == meta.items.end() || !IsCoded(tile->second)) return Unreadable("its tiles");
    ASSIGN_OR_RETURN(const CodedSize size, StatedSize(tile->second));
    if ((grid->columns - 1) * size.width >= grid->size.width ||
        (grid->rows - 1) * size.height >= grid->size.height) {
      return Unreadable("its tiles are larger than the picture");
    }
  }
  return absl::OkStatus();
}

// The data of items may overlap, so that a small file could have much to read; twice its size is
// the most.
absl::Status CheckAmount(const HeifMeta& meta, size_t file_size) {
  size_t all = 0;
  for (const auto& [id, item] : meta.items) {
    for (const ByteSpan piece : item.data) all += piece.size();
  }
  return all <= 2 * file_size ? absl::OkStatus() : Unreadable("its items overlap");
}

// The box counts where there is no profile.
std::optional<CodePoints> CodePointsOf(const HeifItem& item) {
  std::optional<CodePoints> points;
  for (const HeifBox& box : item.properties) {
    if (box.type != "colr") continue;
    ByteReader reader(box.body);
    if (AsText(reader.Take(4)) != "nclx") return std::nullopt;
    points.emplace();
    points->primaries = reader.Short();
    points->transfer = reader.Short();
    points->matrix = reader.Short();
    points->full_range = (reader.Byte() & 0x80) != 0;
    if (!reader.ok()) return std::nullopt;
  }
  return points;
}

int BitsOf(const HeifItem& item) {
  if (const HeifBox* hevc = item.Property("hvcC"); hevc != nullptr && hevc->body.size() > 17) {
    return 8 + (std::to_integer<int>(hevc->body[17]) & 7);
  }
  if (const HeifBox* av1 = item.Property("av1C"); av1 != nullptr && av1->body.size() > 2) {
    const int depth = std::to_integer<int>(av1->body[2]) >> 5 & 3;
    return depth == 0 ? 8 : (depth == 2 ? 10 : 12);
  }
  return 8;
}

// Returns whether an av1C box says that colour is stored for as many pixels as brightness, in one
// direction at least.
bool HasFullColour(const HeifItem& item) {
  const HeifBox* av1 = item.Property("av1C");
  if (av1 == nullptr || av1->body.size() <= 2) return false;
  const int flags = std::to_integer<int>(av1->body[2]);
  const bool monochrome = (flags & 0x10) != 0;
  return !monochrome && (flags & 0x0C) != 0x0C;
}

HeifFacts FactsOf(const HeifMeta& meta) {
  HeifFacts facts;
  const HeifItem& primary = meta.items.at(meta.primary);
  const HeifItem& coded = primary.parts.empty() ? primary : meta.items.at(primary.parts.front());
  facts.bits = BitsOf(coded);
  facts.full_colour_av1 = HasFullColour(coded);
  // A grid without colours of its own has its tiles'.
  facts.code_points = CodePointsOf(primary.Property("colr") != nullptr ? primary : coded);
  facts.alpha = std::any_of(meta.items.begin(), meta.items.end(), [&](const auto& entry) {
    const std::vector<uint32_t>& of = entry.second.auxiliary_of;
    return IsAlpha(entry.second) && std::find(of.begin(), of.end(), meta.primary) != of.end();
  });
  return facts;
}

}  // namespace

absl::StatusOr<HeifFacts> ReadHeifFacts(ByteSpan heif, const SizeLimit& limit) {
  for (const HeifBox& box : ReadBoxes(heif)) {
    if (box.type == "moov") {
      return absl::InvalidArgumentError("an animation (a sequence of pictures); send one still");
    }
  }
  const auto meta = ReadHeifMeta(heif);
  if (!meta) return Unreadable("what is in it cannot be read");
  RETURN_IF_ERROR(CheckAmount(*meta, heif.size()));
  const HeifItem& primary = meta->items.at(meta->primary);
  if (!IsCoded(primary) && primary.type != "grid") {
    return FieldError("kind of picture inside", Quoted(primary.type),
                      "one of HEVC or AV1; save it as JPEG");
  }
  for (const auto& [id, item] : meta->items) {
    if (IsCoded(item)) RETURN_IF_ERROR(CheckCoded(item, limit));
    if (item.type == "grid") RETURN_IF_ERROR(CheckGrid(item, *meta, limit));
  }
  return FactsOf(*meta);
}

}  // namespace imprint
