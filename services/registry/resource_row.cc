#include "services/registry/resource_row.h"

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/time_util.h>

#include "base/field_error.h"
#include "base/sha256.h"

namespace imprint::registry {

google::protobuf::Timestamp FromMicros(int64_t micros) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(micros);
}

absl::Status NoSuch(absl::string_view field, absl::string_view name) {
  return absl::NotFoundError(absl::StrCat(field, ": there is no ", name));
}

std::vector<std::string> BlobsOf(soci::session& sql, const std::string& from, int64_t number) {
  std::vector<std::string> blobs;
  std::string sha256;
  soci::statement rows = (sql.prepare << absl::StrCat("select sha256 from ", from),
                          soci::use(number, "n"), soci::into(sha256));
  rows.execute();
  while (rows.fetch()) blobs.push_back(sha256);
  return blobs;
}

absl::Status CheckEtag(absl::string_view given, int64_t current) {
  if (given.empty() || given == absl::StrCat(current)) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat("etag: got ", Quoted(given), "; it is ", current, " now: read it again"));
}

absl::Status CheckDigest(absl::string_view field, absl::string_view sha256) {
  if (IsSha256Hex(sha256)) return absl::OkStatus();
  return FieldError(field, sha256.empty() ? "none" : Quoted(sha256),
                    "a SHA-256 as 64 digits of 0-9 and a-f");
}

}  // namespace imprint::registry
