#include "services/registry/resource_row.h"

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/time_util.h>

#include "base/field_error.h"

namespace imprint {

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

absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes,
                       bool may_be_empty) {
  if (text.size() > max_bytes) {
    return FieldError(field, absl::StrCat(text.size(), " bytes"),
                      absl::StrCat("at most ", max_bytes));
  }
  if (text.empty() && !may_be_empty) {
    return FieldError(field, "none", absl::StrCat("text of at most ", max_bytes, " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace imprint
