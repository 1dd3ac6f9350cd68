#include "rpc/status.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <google/protobuf/any.pb.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "base/error_notes.h"
#include "rpc/wire_text.h"

namespace imprint {
namespace {

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";
constexpr size_t kMaxFieldName = 100;
// Clients get RESOURCE_EXHAUSTED in place of an error whose metadata exceeds 8 KiB, at first at
// random and from 16 KiB on always. Details travel as base64, a third more.
constexpr size_t kMaxMessageOnWire = 1 << 10;
constexpr size_t kMaxDetailsBytes = 3 << 10;

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat(kTypePrefix, Detail::descriptor()->full_name());
}

template <typename Detail>
void SetDetail(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status) {
  const auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

// The smallest come first, so that what does not fit is a list of violations and not when to try
// again.
void AddDetails(const absl::Status& status, google::rpc::Status& wire) {
  std::vector<google::protobuf::Any> details;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    if (!absl::StartsWith(type_url, kTypePrefix)) return;
    google::protobuf::Any& detail = details.emplace_back();
    detail.set_type_url(std::string(type_url));
    detail.set_value(std::string(value));
  });
  std::sort(details.begin(), details.end(),
            [](const auto& a, const auto& b) { return a.ByteSizeLong() < b.ByteSizeLong(); });
  for (google::protobuf::Any& detail : details) {
    *wire.add_details() = std::move(detail);
    if (wire.ByteSizeLong() > kMaxDetailsBytes) return wire.mutable_details()->RemoveLast();
  }
}

// "spec.recipe.steps: got 0; ..." names spec.recipe.steps.
void NameBadField(absl::Status& status) {
  const absl::string_view message = status.message();
  const size_t colon = message.find(": ");
  if (colon == absl::string_view::npos || colon == 0 || colon > kMaxFieldName) return;
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(std::string(message.substr(0, colon)));
  violation->set_description(CutForWire(message.substr(colon + 2), kMaxMessageOnWire));
  SetDetail(status, bad);
}

}  // namespace

absl::Status WithReason(absl::Status status, absl::string_view reason,
                        const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  SetDetail(status, info);
  return status;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo info;
  const int64_t seconds = absl::IDivDuration(delay, absl::Seconds(1), &delay);
  info.mutable_retry_delay()->set_seconds(seconds);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
  SetDetail(status, info);
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return info ? info->reason() : "";
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info) return std::nullopt;
  return absl::Seconds(info->retry_delay().seconds()) +
         absl::Nanoseconds(info->retry_delay().nanos());
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  absl::Status full = status;
  if (ReasonOf(full).empty()) {
    const std::string note = ReasonNoteOf(full);
    full = WithReason(full, note.empty() ? absl::StatusCodeToString(full.code()) : note);
  }
  if (absl::IsInvalidArgument(full) && !DetailOf<google::rpc::BadRequest>(full)) NameBadField(full);

  google::rpc::Status wire;
  wire.set_code(static_cast<int>(full.code()));
  wire.set_message(CutForWire(full.message(), kMaxMessageOnWire));
  AddDetails(full, wire);
  return {static_cast<grpc::StatusCode>(full.code()), wire.message(), wire.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status wire;
  if (wire.ParseFromString(status.error_details())) {
    for (const auto& detail : wire.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

}  // namespace imprint
