#include "services/sampler/chunk_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

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
  if (request.chunk_items() < 0 || request.chunk_items() > kMaxChunkItems) {
    return FieldError("chunk_items", absl::StrCat(request.chunk_items()),
                      absl::StrCat("0 to ", kMaxChunkItems));
  }
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

// Of all pictures: a model is loaded in one precision.
absl::StatusOr<Precision> ParseItemsPrecision(const v1::StartSamplingRequest& request) {
  const std::string& first = request.items(0).precision();
  for (int i = 1; i < request.items_size(); ++i) {
    if (request.items(i).precision() != first) {
      return FieldError(absl::StrCat("items[", i, "].precision"),
                        Quoted(request.items(i).precision()),
                        absl::StrCat("that of the first, ", Quoted(first)));
    }
  }
  if (first.empty()) return Precision::kFp32;
  ASSIGN_OR_RETURN(const auto precision, ParsePrecision("items[0].precision", first));
  if (precision) return *precision;
  return FieldError("items[0].precision", Quoted(first), "what the job was admitted with");
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

absl::StatusOr<ChunkOrder> ParseChunk(const v1::StartSamplingRequest& request) {
  ChunkOrder order;
  ASSIGN_OR_RETURN(order.id, node::ParseRunId(request.run()));
  RETURN_IF_ERROR(CheckPlaces(request));
  RETURN_IF_ERROR(CheckItems(request));
  ASSIGN_OR_RETURN(order.precision, ParseItemsPrecision(request));
  ASSIGN_OR_RETURN(order.format, ParseFormat(request.format()));
  for (int i = 0; i < request.embeddings_size(); ++i) {
    const std::string field = absl::StrCat("embeddings[", i, "]");
    ASSIGN_OR_RETURN(LearnedEmbedding embedding,
                     ParseLearnedEmbedding(request.embeddings(i).content(), field));
    order.embeddings.push_back(std::move(embedding));
  }
  order.model = request.model();
  order.ticket = request.ticket();
  order.items = {request.items().begin(), request.items().end()};
  for (int i = 0; i < request.items_size(); ++i) {
    ASSIGN_OR_RETURN(order.pictures.emplace_back(),
                     ParseItem(request.items(i), absl::StrCat("items[", i, "].")));
  }
  order.chunk_items =
      static_cast<int>(std::max<int64_t>(request.chunk_items(), request.items_size()));
  order.trace_id = request.trace_id();
  return order;
}

std::vector<PictureRequest> ToPictureRequests(const ChunkOrder& order, const BaseModelInfo& model) {
  std::vector<PictureRequest> requests = order.pictures;
  for (PictureRequest& request : requests) {
    if (request.width == 0) request.width = model.picture_size;
    if (request.height == 0) request.height = request.width;
  }
  return requests;
}

}  // namespace imprint::sampler
