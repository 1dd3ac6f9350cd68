#include "base/error_notes.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

// No types of messages, which alone rpc/status.cc sends.
constexpr absl::string_view kReason = "imprint/reason";
constexpr absl::string_view kDiagnosis = "imprint/diagnosis";

absl::Status With(absl::Status status, absl::string_view url, absl::string_view text) {
  if (status.ok() || text.empty() || status.GetPayload(url)) return status;
  status.SetPayload(url, absl::Cord(text));
  return status;
}

std::string Of(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : "";
}

}  // namespace

absl::Status WithReasonNote(absl::Status status, absl::string_view reason) {
  return With(std::move(status), kReason, reason);
}

std::string ReasonNoteOf(const absl::Status& status) { return Of(status, kReason); }

absl::Status WithDiagnosis(absl::Status status, absl::string_view diagnosis) {
  return With(std::move(status), kDiagnosis, diagnosis);
}

std::string DiagnosisOf(const absl::Status& status) { return Of(status, kDiagnosis); }

std::string Diagnosed(const absl::Status& status) {
  const std::string diagnosis = DiagnosisOf(status);
  if (diagnosis.empty()) return std::string(status.message());
  return absl::StrCat(status.message(), " [", diagnosis, "]");
}

}  // namespace imprint
