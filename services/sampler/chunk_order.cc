#include "services/sampler/chunk_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::sampler {
namespace {

const std::string& SolverName(const v1::ItemRequest& item) {
  static const auto* const ddim = new std::string(Name(SolverChoice()));
  return item.solver().empty() ? *ddim : item.solver();
}

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
    RETURN_IF_ERROR(
        ParseSolver(absl::StrCat("items[", i, "].solver"), SolverName(request.items(i))).status());
    if (!v1::PromptStyle_IsValid(request.items(i).prompt_style())) {
      return FieldError(absl::StrCat("items[", i, "].prompt_style"),
                        absl::StrCat(request.items(i).prompt_style()), "EMPHASIS or LITERAL");
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

// Jobs of before there were styles began literally, and end so.
PromptStyle StyleOf(v1::PromptStyle style) {
  return style == v1::PROMPT_STYLE_EMPHASIS ? PromptStyle::kEmphasis : PromptStyle::kLiteral;
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
  order.chunk_items =
      static_cast<int>(std::max<int64_t>(request.chunk_items(), request.items_size()));
  order.trace_id = request.trace_id();
  return order;
}

std::vector<PictureRequest> ToPictureRequests(const ChunkOrder& order, const BaseModelInfo& model) {
  std::vector<PictureRequest> requests;
  for (const v1::ItemRequest& item : order.items) {
    const int width = item.width() == 0 ? model.picture_size : item.width();
    requests.push_back({.prompt = item.prompt(),
                        .negative_prompt = item.negative_prompt(),
                        .seed = item.seed(),
                        .width = width,
                        .height = item.height() == 0 ? width : item.height(),
                        .steps = item.steps(),
                        .solver = *ParseSolver("solver", SolverName(item)),
                        .eta = item.eta(),
                        .guidance = item.guidance(),
                        .guidance_rescale = item.guidance_rescale(),
                        .prompt_style = StyleOf(item.prompt_style()),
                        .clip_skip = item.clip_skip() == 0 ? 1 : item.clip_skip(),
                        .upscale = item.upscale() == 0 ? 1 : item.upscale(),
                        .upscale_strength = item.upscale_strength()});
  }
  return requests;
}

}  // namespace imprint::sampler
