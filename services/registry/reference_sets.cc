#include "services/registry/reference_sets.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "rpc/proto_json.h"
#include "services/registry/lineage.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

constexpr int kMaxPictures = 1000;
constexpr size_t kMaxRightsBytes = 2000;

// What makes two uploads the same: header and files.
absl::StatusOr<std::string> PayloadSha256(const ReferenceSets::Header& header,
                                          const std::vector<CheckedPicture>& pictures) {
  Sha256 hash;
  hash.Update(absl::StrCat(header.reference_set_id(), "\n", header.title(), "\n"));
  ASSIGN_OR_RETURN(const std::string rights, ToJsonText(header.rights()));
  hash.Update(rights);
  for (const CheckedPicture& each : pictures) {
    hash.Update(absl::StrCat(each.picture.file_name(), "\n", each.picture.sha256(), "\n"));
  }
  return hash.HexDigest();
}

}  // namespace

absl::Status CheckRights(absl::string_view prefix, const v1::Rights& rights) {
  RETURN_IF_ERROR(CheckText(absl::StrCat(prefix, ".creator"), rights.creator(), kMaxRightsBytes));
  RETURN_IF_ERROR(CheckText(absl::StrCat(prefix, ".licence"), rights.licence(), kMaxRightsBytes));
  const std::string people = absl::StrCat(prefix, ".people");
  if (rights.people() != v1::PEOPLE_SHOWN_NONE &&
      rights.people() != v1::PEOPLE_SHOWN_WITH_CONSENT) {
    return FieldError(people,
                      rights.people() == v1::PEOPLE_SHOWN_UNSPECIFIED
                          ? "none"
                          : absl::StrCat(static_cast<int>(rights.people())),
                      "PEOPLE_SHOWN_NONE, or PEOPLE_SHOWN_WITH_CONSENT and who agreed");
  }
  return CheckText(absl::StrCat(prefix, ".consent"), rights.consent(), kMaxRightsBytes,
                   /*may_be_empty=*/rights.people() == v1::PEOPLE_SHOWN_NONE);
}

absl::StatusOr<ReferenceSets::Upload> ReferenceSets::Upload::Begin(ReferenceSets& sets,
                                                                   const Header& header) {
  if (!header.reference_set_id().empty()) {
    RETURN_IF_ERROR(CheckResourceId("header.reference_set_id", header.reference_set_id()));
  }
  RETURN_IF_ERROR(CheckText("header.title", header.title(), 200, /*may_be_empty=*/true));
  RETURN_IF_ERROR(CheckText("header.request_id", header.request_id(), 100, /*may_be_empty=*/true));
  RETURN_IF_ERROR(CheckRights("header.rights", header.rights()));
  if (header.pictures() < 1 || header.pictures() > kMaxPictures) {
    return FieldError("header.pictures", absl::StrCat(header.pictures()),
                      absl::StrCat("how many follow, 1 to ", kMaxPictures, "; 3 to 5 are best"));
  }
  return Upload(sets, header);
}

absl::Status ReferenceSets::Upload::BeginPicture(const PictureHeader& header) {
  // The stream does not say where a picture ends; the next one's header does.
  RETURN_IF_ERROR(EndPicture());
  RETURN_IF_ERROR(CheckText("picture.file_name", header.file_name(), 255));
  const auto most = static_cast<int64_t>(DecodeLimits().max_bytes);
  if (header.bytes() < 1 || header.bytes() > most) {
    return FieldError("picture.bytes", absl::StrCat(header.bytes()),
                      absl::StrCat("the size of ", Quoted(header.file_name()), ", 1 to ", most));
  }
  RETURN_IF_ERROR(CheckDigest("picture.sha256", header.sha256()));
  if (std::ssize(pictures_) == header_.pictures()) return WrongCount(pictures_.size() + 1);
  ASSIGN_OR_RETURN(file_, sets_->blobs_.NewWriter());
  received_ = 0;
  picture_ = header;
  return absl::OkStatus();
}

absl::Status ReferenceSets::Upload::Append(absl::string_view bytes) {
  if (!picture_) return FieldError("chunk", "one before any picture", "picture first");
  received_ += std::ssize(bytes);
  return received_ > picture_->bytes() ? WrongSize() : file_->Append(bytes);
}

absl::Status ReferenceSets::Upload::EndPicture() {
  if (!picture_) return absl::OkStatus();
  if (received_ != picture_->bytes()) return WrongSize();
  const std::string name = picture_->file_name();
  ASSIGN_OR_RETURN(const BlobStore::Writer::Sealed sealed, file_->Seal());
  if (sealed.sha256 != picture_->sha256()) {
    return FieldError(absl::StrCat("picture ", Quoted(name)),
                      absl::StrCat("SHA-256 ", sealed.sha256),
                      absl::StrCat(picture_->sha256(), ", as its header says"));
  }
  ASSIGN_OR_RETURN(CheckedPicture checked,
                   CheckReferencePicture(name, sealed.blob.text(), sets_->memory_));
  ASSIGN_OR_RETURN(RecordedBlobs::Held file, sets_->blobs_.Commit(*file_, sealed.sha256));
  picture_.reset();
  files_.push_back(std::move(file));
  pictures_.push_back(std::move(checked));
  return absl::OkStatus();
}

absl::StatusOr<v1::ReferenceSet> ReferenceSets::Upload::Finish() {
  RETURN_IF_ERROR(EndPicture());
  if (std::ssize(pictures_) != header_.pictures()) return WrongCount(pictures_.size());
  return sets_->Create(header_, pictures_);
}

absl::Status ReferenceSets::Upload::WrongCount(size_t got) const {
  return FieldError("pictures", absl::StrCat(got),
                    absl::StrCat(header_.pictures(), ", as header.pictures says"));
}

absl::Status ReferenceSets::Upload::WrongSize() const {
  return FieldError(absl::StrCat("picture ", Quoted(picture_->file_name())),
                    absl::StrCat(received_, " bytes"),
                    absl::StrCat(picture_->bytes(), ", as its header says"));
}

absl::StatusOr<v1::ReferenceSet> ReferenceSets::Create(
    const Header& header, const std::vector<CheckedPicture>& pictures) {
  v1::ReferenceSet set;
  ASSIGN_OR_RETURN(const auto warnings, CheckReferenceSet(pictures));
  ASSIGN_OR_RETURN(const std::string payload, PayloadSha256(header, pictures));
  const std::string id =
      header.reference_set_id().empty() ? NewResourceId() : header.reference_set_id();
  set.set_name(absl::StrCat("referenceSets/", id));
  set.set_title(header.title());
  *set.mutable_rights() = header.rights();
  for (const CheckedPicture& each : pictures) *set.add_pictures() = each.picture;
  for (const std::string& warning : warnings) set.add_warnings(warning);
  set.set_etag("1");
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::ReferenceSet> {
    const std::string tenant = kTenant;
    std::string body;
    std::string stored;
    // Id and request id may match two sets: the one that was made with this request id counts.
    sql << "select body, payload_sha256 from reference_sets where tenant = :t"
           " and (id = :id or (request_id = :r and request_id <> ''))"
           " order by case when request_id = :r then 0 else 1 end limit 1",
        soci::use(tenant, "t"), soci::use(id, "id"), soci::use(header.request_id(), "r"),
        soci::into(body), soci::into(stored);
    if (sql.got_data()) {
      if (stored == payload) return FromJsonText<v1::ReferenceSet>(body);
      return absl::AlreadyExistsError(absl::StrCat("header.reference_set_id: ", set.name(),
                                                   ", or its request_id, is taken by a set with "
                                                   "other pictures or rights"));
    }
    *set.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(body, ToJsonText(set));
    sql << "insert into reference_sets (tenant, id, request_id, payload_sha256, body)"
           " values (:t, :id, :r, :p, :body)",
        soci::use(tenant), soci::use(id), soci::use(header.request_id()), soci::use(payload),
        soci::use(body);
    int64_t number = 0;
    sql << "select number from reference_sets where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(number);
    for (int place = 0; place < set.pictures_size(); ++place) {
      sql << "insert into reference_pictures (reference_set, place, sha256) values (:s, :p, :h)",
          soci::use(number), soci::use(place), soci::use(set.pictures(place).sha256());
    }
    return set;
  });
}

absl::StatusOr<v1::ReferenceSet> ReferenceSets::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "referenceSets"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::ReferenceSet> {
    const std::string tenant = kTenant;
    std::string body;
    sql << "select body from reference_sets where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(body);
    if (!sql.got_data()) return NoSuch("name", name);
    return FromJsonText<v1::ReferenceSet>(body);
  });
}

absl::StatusOr<std::vector<v1::ReferenceSet>> ReferenceSets::List(const Page& page,
                                                                  std::string& next) {
  ASSIGN_OR_RETURN(const int64_t before, NumberAfter(page, INT64_MAX));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::ReferenceSet>> {
    const std::string tenant = kTenant;
    const int limit = page.rows();
    ListedRow<int64_t> row;
    soci::statement rows =
        (sql.prepare << "select number, body from reference_sets where tenant = :t"
                        " and number < :before order by number desc limit :limit",
         soci::use(tenant), soci::use(before), soci::use(limit), soci::into(row.key),
         soci::into(row.body));
    return ReadPage<v1::ReferenceSet>(rows, row, page, next);
  });
}

absl::StatusOr<v1::DeleteReferenceSetResponse> ReferenceSets::Delete(const std::string& name,
                                                                     const std::string& etag) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "referenceSets"));
  v1::DeleteReferenceSetResponse response;
  std::vector<std::string> files;
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    int64_t number = 0;
    int64_t version = 0;
    std::string body;
    sql << "select number, version, body from reference_sets where tenant = :t and id = :id",
        soci::use(tenant), soci::use(id), soci::into(number), soci::into(version), soci::into(body);
    if (!sql.got_data()) return NoSuch("name", name);
    RETURN_IF_ERROR(CheckEtag(etag, version));
    const int64_t now = DatabaseNowMicros(sql);
    // A trainer with a valid ticket may not have fetched all pictures yet.
    int readers = 0;
    sql << "select count(*) from tickets where tenant = :t and reference_set = :id"
           " and expire_us > :now",
        soci::use(tenant), soci::use(id), soci::use(now), soci::into(readers);
    if (readers > 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("name: ", name, " is being taught from; cancel the job first"));
    }
    v1::ReferenceSet set;
    RETURN_IF_ERROR(FromJsonText(body, set));
    for (std::string& each : EmbeddingsOf(sql, id)) response.add_embeddings(std::move(each));
    for (std::string& each : ImageSetsOf(sql, id)) response.add_image_sets(std::move(each));
    // After the names above are collected: from here on no version belongs to this id.
    RETURN_IF_ERROR(PartFrom(sql, id, set.rights()));
    files = BlobsOf(sql, "reference_pictures where reference_set = :n", number);
    sql << "delete from reference_pictures where reference_set = :n", soci::use(number);
    sql << "delete from reference_sets where number = :n", soci::use(number);
    return absl::OkStatus();
  }));
  blobs_.RemoveUnnamed(files);
  return response;
}

absl::StatusOr<Blob> ReferenceSets::Original(const v1::ReferenceSet& set, int place) {
  const v1::ReferencePicture& picture = set.pictures(place);
  auto content = blobs_.Get(picture.sha256(), DecodeLimits().max_bytes);
  if (content.ok()) return content;
  return InContext(
      absl::StrCat(set.name(), ": picture ", place + 1, " (", Quoted(picture.file_name()), ")"),
      content.status());
}

}  // namespace imprint::registry
