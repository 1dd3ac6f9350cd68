#include "services/sampler/chunk_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/message_differencer.h>

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

// Returns how all pictures of the chunk are drawn. An earlier gateway says it in each item, the
// same in all.
absl::StatusOr<v1::ItemRequest> SettingsIn(const v1::StartSamplingRequest& request) {
  if (request.has_settings()) return request.settings();
  const auto settings_of = [](v1::ItemRequest item) {
    item.clear_index();
    item.clear_prompt();
    item.clear_seed();
    return item;
  };
  v1::ItemRequest settings = settings_of(request.items(0));
  for (int i = 1; i < request.items_size(); ++i) {
    const v1::ItemRequest other = settings_of(request.items(i));
    if (!google::protobuf::util::MessageDifferencer::Equals(other, settings)) {
      return FieldError(absl::StrCat("items[", i, "]"), "settings of its own",
                        "those of the first item");
    }
  }
  return settings;
}

absl::StatusOr<Precision> ParseSettingsPrecision(const std::string& name) {
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

v1::ItemRequest ChunkOrder::Item(size_t i) const {
  v1::ItemRequest item = settings;
  item.set_index(indices[i]);
  item.set_prompt(pictures[i].prompt);
  item.set_seed(pictures[i].seed);
  return item;
}

absl::StatusOr<ChunkOrder> ParseChunk(const v1::StartSamplingRequest& request) {
  ChunkOrder order;
  ASSIGN_OR_RETURN(order.id, node::ParseRunId(request.run()));
  RETURN_IF_ERROR(CheckPlaces(request));
  RETURN_IF_ERROR(CheckItems(request));
  ASSIGN_OR_RETURN(order.settings, SettingsIn(request));
  ASSIGN_OR_RETURN(order.precision, ParseSettingsPrecision(order.settings.precision()));
  ASSIGN_OR_RETURN(const PictureRequest settings, ParseItem(order.settings, "settings."));
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
  for (const v1::ItemRequest& item : request.items()) {
    order.indices.push_back(item.index());
    PictureRequest& picture = order.pictures.emplace_back(settings);
    picture.prompt = item.prompt();
    picture.seed = item.seed();
  }
  order.needs_places = request.batch_places() > 0;
  order.batch_places =
      order.needs_places
          ? request.batch_places()
          : static_cast<int>(std::max<int64_t>(request.chunk_items(), request.items_size()));
  order.trace_id = request.trace_id();
  return order;
}

std::vector<PictureRequest> ToPictureRequests(const ChunkOrder& order,
                                              const engine::BaseModelInfo& model) {
  std::vector<PictureRequest> requests = order.pictures;
  for (PictureRequest& request : requests) {
    if (request.width == 0) request.width = model.picture_size;
    if (request.height == 0) request.height = request.width;
  }
  return requests;
}

}  // namespace imprint::sampler
