#include "services/sampler/chunk_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/wire/picture_wire.h"

namespace imprint::sampler {
namespace {

absl::Status CheckItems(const v1::StartSamplingRequest& request) {
  if (request.items().empty()) return FieldError("items", "none", "at least one");
  if (request.items_size() > kMaxChunkItems) {
    return FieldError("items", absl::StrCat(request.items_size()),
                      absl::StrCat("at most ", kMaxChunkItems));
  }
  RETURN_IF_ERROR(CheckRange("chunk_items", request.chunk_items(), 0, kMaxChunkItems));
  RETURN_IF_ERROR(CheckRange("batch_places", request.batch_places(), 0, kMaxChunkItems));
  std::set<int64_t> indices;
  for (int i = 0; i < request.items_size(); ++i) {
    const int64_t index = request.items(i).index();
    if (index < 0 || !indices.insert(index).second) {
      return FieldError(absl::StrCat("items[", i, "].index"), absl::StrCat(index),
                        "0 or more, each once");
    }
  }
  return absl::OkStatus();
}

// Reads a picture. An earlier gateway says all in the item, and sends no settings.
absl::StatusOr<OrderedPicture> ParsePicture(const v1::ItemRequest& settings,
                                            const v1::ItemRequest& item,
                                            absl::string_view context) {
  OrderedPicture picture = {.item = settings,
                            .spare_seeds = {item.spare_seeds().begin(), item.spare_seeds().end()}};
  picture.item.MergeFrom(item);
  picture.item.clear_spare_seeds();
  ASSIGN_OR_RETURN(picture.request, ParseItem(picture.item, context));
  return picture;
}

// All pictures of a chunk have the same.
absl::StatusOr<Precision> ParsePrecisionOf(const std::vector<OrderedPicture>& pictures) {
  const std::string& name = pictures.front().item.precision();
  for (size_t i = 1; i < pictures.size(); ++i) {
    if (pictures[i].item.precision() == name) continue;
    return FieldError(absl::StrCat("items[", i, "].precision"),
                      Quoted(pictures[i].item.precision()),
                      absl::StrCat("that of the first item, ", Quoted(name)));
  }
  // Jobs from before precision could be chosen name none.
  if (name.empty()) return Precision::kFp32;
  ASSIGN_OR_RETURN(const auto precision, ParsePrecision("settings.precision", name));
  if (precision) return *precision;
  return FieldError("settings.precision", Quoted(name), "fp32, bf16 or fp16");
}

absl::Status CheckPlaces(const v1::StartSamplingRequest& request) {
  const auto check = [](absl::string_view field, const std::string& value) {
    return value.empty() ? FieldError(field, "none", "what the gateway knows of it")
                         : absl::OkStatus();
  };
  RETURN_IF_ERROR(check("model.folder", request.model().folder()));
  RETURN_IF_ERROR(check("model.fingerprint", request.model().fingerprint()));
  RETURN_IF_ERROR(check("ticket.registry", request.ticket().registry()));
  return check("ticket.token", request.ticket().token());
}

absl::StatusOr<PictureFormat> ParseFormat(v1::PictureFormat format) {
  switch (format) {
    case v1::PICTURE_FORMAT_UNSPECIFIED:
    case v1::PICTURE_FORMAT_PNG:
      return PictureFormat::kPng;
    case v1::PICTURE_FORMAT_JPEG:
      return PictureFormat::kJpeg;
    case v1::PICTURE_FORMAT_WEBP:
      return PictureFormat::kWebp;
    default:
      return FieldError("format", absl::StrCat(format), "PNG, JPEG or WEBP");
  }
}

}  // namespace

v1::ItemRequest ChunkOrder::Item(size_t i, size_t blocked_tries) const {
  v1::ItemRequest item = pictures[i].item;
  if (blocked_tries > 0) item.set_seed(pictures[i].spare_seeds[blocked_tries - 1]);
  return item;
}

absl::StatusOr<ChunkOrder> ParseChunk(const v1::StartSamplingRequest& request) {
  ChunkOrder order;
  ASSIGN_OR_RETURN(order.id, node::ParseRunId(request.run()));
  RETURN_IF_ERROR(CheckPlaces(request));
  RETURN_IF_ERROR(CheckItems(request));
  // An error that all pictures have is the settings'.
  RETURN_IF_ERROR(ParseItem(request.settings(), "settings.").status());
  for (int i = 0; i < request.items_size(); ++i) {
    ASSIGN_OR_RETURN(
        order.pictures.emplace_back(),
        ParsePicture(request.settings(), request.items(i), absl::StrCat("items[", i, "].")));
  }
  ASSIGN_OR_RETURN(order.precision, ParsePrecisionOf(order.pictures));
  ASSIGN_OR_RETURN(order.format, ParseFormat(request.format()));
  for (int i = 0; i < request.embeddings_size(); ++i) {
    const std::string field = absl::StrCat("embeddings[", i, "]");
    ASSIGN_OR_RETURN(LearnedEmbedding embedding,
                     ParseLearnedEmbedding(request.embeddings(i).content(), field));
    order.embeddings.push_back(std::move(embedding));
  }
  if (!v1::JobPriority_IsValid(request.priority())) {
    return FieldError("priority", absl::StrCat(request.priority()), "BULK, NORMAL or INTERACTIVE");
  }
  // An earlier gateway sends none.
  if (request.priority() != v1::JOB_PRIORITY_UNSPECIFIED) order.urgency = request.priority();
  order.model = request.model();
  order.ticket = request.ticket();
  order.needs_places = request.batch_places() > 0;
  order.batch_places =
      order.needs_places
          ? request.batch_places()
          : static_cast<int>(std::max<int64_t>(request.chunk_items(), request.items_size()));
  order.trace_id = request.trace_id();
  return order;
}

PictureRequest ToPictureRequest(const OrderedPicture& picture, const engine::BaseModelInfo& model) {
  PictureRequest request = picture.request;
  if (request.width == 0) request.width = model.picture_size;
  if (request.height == 0) request.height = request.width;
  return request;
}

}  // namespace imprint::sampler
