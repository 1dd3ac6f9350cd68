// What the code for the registry's tables shares. Private to services/registry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <google/protobuf/timestamp.pb.h>
#include <soci/soci.h>

#include "base/text_field.h"

namespace imprint::registry {

// The tenant of every caller, until callers bring credentials.
inline constexpr const char* kTenant = "default";

google::protobuf::Timestamp FromMicros(int64_t micros);

// Returns NOT_FOUND: "name: there is no concepts/mia".
absl::Status NoSuch(absl::string_view field, absl::string_view name);

// Returns the blobs that rows name: `from` is a table and a condition on :n, which is `number`.
std::vector<std::string> BlobsOf(soci::session& sql, const std::string& from, int64_t number);

// Returns ABORTED if `given` is set and is not `current`.
absl::Status CheckEtag(absl::string_view given, int64_t current);

// Returns INVALID_ARGUMENT naming the field if the text is not a SHA-256 in lower-case hexadecimal.
absl::Status CheckDigest(absl::string_view field, absl::string_view sha256);

}  // namespace imprint::registry
