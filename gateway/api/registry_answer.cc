#include "gateway/api/registry_answer.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint::gateway {

absl::Status For(absl::string_view field, const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    return status;
  }
  return InContext(field, status);
}

absl::StatusOr<v1::CheckTokensResponse> CheckTokens(const v1::BaseModel& model,
                                                    const std::vector<std::string>& tokens,
                                                    const std::vector<std::string>& fields,
                                                    const std::string& concept_name,
                                                    RegistryClient& registry) {
  auto checked = registry.CheckTokens(model.name(), tokens, concept_name);
  if (!checked.ok()) return For("spec.base_model", checked.status());
  if (checked->problem().empty()) return checked;
  const auto bad = static_cast<size_t>(checked->bad_token());
  return absl::InvalidArgumentError(
      absl::StrCat(bad < fields.size() ? fields[bad] : "spec", ": ", checked->problem()));
}

}  // namespace imprint::gateway
