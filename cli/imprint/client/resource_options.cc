#include "cli/imprint/client/resource_options.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "rpc/enum_text.h"

namespace imprint::cli {
namespace {

constexpr size_t kMaxIdLength = 63;

absl::StatusOr<std::string> Named(absl::string_view option, absl::string_view collection,
                                  absl::string_view given) {
  const std::string prefix = absl::StrCat(collection, "/");
  const absl::string_view id = absl::StripPrefix(given, prefix);
  if (!CheckResourceId(option, id).ok()) {
    return FieldError(option, Quoted(given), absl::StrCat("an id, or ", prefix, "ID"));
  }
  return absl::StrCat(prefix, id);
}

}  // namespace

absl::StatusOr<std::string> JobName(absl::string_view given) { return Named("JOB", "jobs", given); }

absl::StatusOr<std::string> ModelName(absl::string_view given) {
  return Named("model", "baseModels", given);
}

absl::StatusOr<std::string> ConceptName(absl::string_view given) {
  return Named("concept", "concepts", given);
}

absl::StatusOr<std::string> ImageSetName(absl::string_view given) {
  return Named("image set", "imageSets", given);
}

absl::StatusOr<std::string> ReferenceSetName(absl::string_view given) {
  return Named("reference set", "referenceSets", given);
}

absl::StatusOr<std::string> EmbeddingName(absl::string_view given) {
  const auto refuse = [&] {
    return FieldError("embedding", Quoted(given),
                      "a concept (rex), a version of it (rex/3) or an alias (rex/approved)");
  };
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::StripPrefix(given, "concepts/"), '/');
  const bool versioned = parts.size() == 3 && (parts[1] == "embeddings" || parts[1] == "aliases");
  if (parts.size() > 2 && !versioned) return refuse();
  for (const absl::string_view part : {parts.front(), parts.back()}) {
    if (!CheckResourceId("embedding", part).ok()) return refuse();
  }
  const absl::string_view id = parts.front();
  if (parts.size() == 1) return absl::StrCat("concepts/", id);
  if (versioned) return absl::StrCat("concepts/", id, "/", parts[1], "/", parts[2]);
  const absl::string_view version = parts[1];
  const bool number = std::all_of(version.begin(), version.end(), absl::ascii_isdigit);
  return absl::StrCat("concepts/", id, number ? "/embeddings/" : "/aliases/", version);
}

absl::StatusOr<std::string> ConceptIdFromToken(absl::string_view token) {
  std::string id;
  for (const char c : token) {
    if (absl::ascii_isalnum(c)) {
      id += absl::ascii_tolower(c);
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
    if (id.size() == kMaxIdLength) break;
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  if (!id.empty()) return id;
  return FieldError(
      "concept", "none",
      absl::StrCat("--concept ID, of a-z, 0-9 and -: the token ", Quoted(token), " gives none"));
}

absl::string_view ShortName(absl::string_view name) { return name.substr(name.rfind('/') + 1); }

absl::StatusOr<v1::JobPriority> ParseJobPriority(absl::string_view name) {
  if (name.empty()) return v1::JOB_PRIORITY_UNSPECIFIED;
  if (name == "bulk") return v1::JOB_PRIORITY_BULK;
  if (name == "normal") return v1::JOB_PRIORITY_NORMAL;
  if (name == "interactive") return v1::JOB_PRIORITY_INTERACTIVE;
  return FieldError("priority", Quoted(name), "bulk, normal or interactive");
}

std::string StateText(v1::JobState state) {
  return EnumText(v1::JobState_Name(state), "JOB_STATE_");
}

}  // namespace imprint::cli
