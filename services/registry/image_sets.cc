#include "services/registry/image_sets.h"

#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/picture_size.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "imaging/picture_format.h"
#include "orders/wire/picture_wire.h"
#include "rpc/proto_json.h"
#include "rpc/resource_name.h"
#include "services/registry/lineage.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"
#include "services/registry/tickets.h"

namespace imprint::registry {
namespace {

struct SetRow {
  int64_t number = 0;
  v1::ImageSet body;
  int state = 0;
  int64_t total = 0;
  int64_t done = 0;
  int64_t blocked = 0;
  int64_t version = 0;
};

// What is not in the body: state, counts, etag.
v1::ImageSet Full(SetRow row) {
  row.body.set_state(static_cast<v1::ImageSetState>(row.state));
  row.body.set_items_total(row.total);
  row.body.set_items_done(row.done);
  row.body.set_items_blocked(row.blocked);
  row.body.set_etag(absl::StrCat(row.version));
  return std::move(row.body);
}

// By one of its two keys.
absl::StatusOr<SetRow> Load(soci::session& sql, const char* key, const std::string& value) {
  const std::string tenant = kTenant;
  SetRow row;
  std::string body;
  sql << absl::StrCat(
      "select number, body, state, items_total, items_done, items_blocked, version"
      " from image_sets where tenant = :t and ",
      key, " = :k"),
      soci::use(tenant), soci::use(value), soci::into(row.number), soci::into(body),
      soci::into(row.state), soci::into(row.total), soci::into(row.done), soci::into(row.blocked),
      soci::into(row.version);
  if (!sql.got_data()) return NoSuch("name", absl::StrCat("imageSets/", value));
  RETURN_IF_ERROR(FromJsonText(body, row.body));
  return row;
}

struct ItemName {
  std::string set;
  int64_t index = 0;
};

absl::StatusOr<ItemName> ParseItemName(const std::string& name) {
  ASSIGN_OR_RETURN(const auto ids, ParseResourceName("name", name, "imageSets/*/items/*"));
  ItemName parsed{.set = ids[0]};
  if (absl::SimpleAtoi(ids[1], &parsed.index)) return parsed;
  return FieldError("name", Quoted(name), "imageSets/ID/items/NUMBER");
}

// What the file must be: a picture of the size that was asked for.
absl::StatusOr<std::string> MimeType(std::span<const std::byte> bytes,
                                     const v1::ItemRequest& request, PictureMemory& memory) {
  const auto format = SniffPicture(bytes);
  if (format && format->read && !format->written) {
    return FieldError("chunk", format->name, "PNG, JPEG or WebP");
  }
  const auto picture = memory.Decode(bytes);
  if (!picture.ok()) return InContext("chunk", picture.status());
  const PictureSize size = picture->decoded.full_size;
  const PictureSize asked = FinishedSize(request);
  if (size != asked) {
    return FieldError("chunk", absl::StrCat("a picture of ", size.width, "×", size.height),
                      absl::StrCat(asked.width, "×", asked.height, ", as the header says"));
  }
  switch (*format->written) {
    case PictureFormat::kPng:
      return std::string("image/png");
    case PictureFormat::kJpeg:
      return std::string("image/jpeg");
    case PictureFormat::kWebp:
      return std::string("image/webp");
  }
  return absl::InternalError("chunk: a picture of no known format");
}

absl::Status CheckMayDraw(const TicketScope& scope) {
  if (!scope.image_set.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError("token: it is for teaching, not for drawing");
}

}  // namespace

absl::StatusOr<ImageSets::Upload> ImageSets::Upload::Begin(
    ImageSets& sets, const v1::UploadItemRequest::ItemHeader& header) {
  ASSIGN_OR_RETURN(const TicketScope scope, Tickets(sets.database_).Check(header.token()));
  RETURN_IF_ERROR(CheckMayDraw(scope));
  if (header.request().index() < 0) {
    return FieldError("header.request.index", absl::StrCat(header.request().index()), "0 or more");
  }
  RETURN_IF_ERROR(CheckText("header.request.prompt", header.request().prompt(), 2000));
  const bool blocked = header.safety().blocked();
  if (blocked != header.sha256().empty()) {
    return FieldError("header.sha256", Quoted(header.sha256()),
                      blocked ? "none: the picture is blocked" : "the file's SHA-256");
  }
  Upload upload(sets, header);
  if (!blocked) {
    RETURN_IF_ERROR(CheckDigest("header.sha256", header.sha256()));
    ASSIGN_OR_RETURN(upload.file_, sets.blobs_.NewWriter());
  }
  return upload;
}

absl::Status ImageSets::Upload::Append(absl::string_view bytes) {
  if (header_.safety().blocked()) {
    return FieldError("chunk", "one", "none: the picture is blocked");
  }
  constexpr auto kMostBytes = static_cast<int64_t>(DecodeLimits().max_bytes);
  received_ += std::ssize(bytes);
  if (received_ > kMostBytes) {
    return FieldError("chunk", absl::StrCat("more than ", kMostBytes, " bytes"), "a smaller file");
  }
  return file_->Append(bytes);
}

absl::StatusOr<v1::Item> ImageSets::Upload::Finish(bool& committed) {
  const bool blocked = header_.safety().blocked();
  std::optional<RecordedBlobs::Held> file;
  v1::Item item;
  *item.mutable_request() = header_.request();
  *item.mutable_safety() = header_.safety();
  if (!blocked) {
    ASSIGN_OR_RETURN(const BlobStore::Writer::Sealed sealed, file_->Seal());
    if (sealed.sha256 != header_.sha256()) {
      return FieldError("header.sha256", Quoted(header_.sha256()),
                        absl::StrCat(sealed.sha256, ", which the file has"));
    }
    ASSIGN_OR_RETURN(*item.mutable_mime_type(),
                     MimeType(sealed.blob.bytes(), header_.request(), sets_->memory_));
    ASSIGN_OR_RETURN(RecordedBlobs::Held stored, sets_->blobs_.Commit(*file_, sealed.sha256));
    item.set_sha256(stored.sha256());
    item.set_bytes(received_);
    file.emplace(std::move(stored));
  }
  return sets_->database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Item> {
    ASSIGN_OR_RETURN(const TicketScope scope, Tickets::Check(sql, header_.token()));
    RETURN_IF_ERROR(CheckMayDraw(scope));
    ASSIGN_OR_RETURN(const SetRow set, Load(sql, "id", scope.image_set));
    const int64_t index = header_.request().index();
    if (!scope.Has(index)) {
      return absl::PermissionDeniedError(absl::StrCat("token: it is not for item ", index,
                                                      " but for ", scope.item_count, " from item ",
                                                      scope.first_item, " on"));
    }
    if (index >= set.total) {
      return FieldError("header.request.index", absl::StrCat(index),
                        absl::StrCat("0 to ", set.total - 1));
    }
    std::string body;
    sql << "select body from items where image_set = :s and item_index = :i", soci::use(set.number),
        soci::use(index), soci::into(body);
    if (sql.got_data()) return FromJsonText<v1::Item>(body);
    if (set.state != v1::IMAGE_SET_STATE_OPEN) {
      return absl::FailedPreconditionError(
          absl::StrCat("token: imageSets/", scope.image_set, " is closed"));
    }
    item.set_name(absl::StrCat("imageSets/", scope.image_set, "/items/", index));
    *item.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(body, ToJsonText(item));
    const int one_blocked = blocked ? 1 : 0;
    sql << "insert into items (image_set, item_index, sha256, body) values (:s, :i, :h, :b)",
        soci::use(set.number), soci::use(index), soci::use(item.sha256()), soci::use(body);
    sql << "update image_sets set items_done = items_done + 1,"
           " items_blocked = items_blocked + :b, version = version + 1 where number = :n",
        soci::use(one_blocked), soci::use(set.number);
    committed = true;
    return item;
  });
}

absl::StatusOr<v1::ImageSet> ImageSets::Create(const v1::CreateImageSetRequest& request) {
  const std::string& job = request.job();
  const v1::ImageSetSpec& spec = request.spec();
  RETURN_IF_ERROR(ParseResourceName("job", job, "jobs/*").status());
  std::string id = NewResourceId();
  if (!spec.image_set().empty()) {
    ASSIGN_OR_RETURN(id, ParseResourceId("spec.image_set", spec.image_set(), "imageSets"));
  }
  const int64_t total = int64_t{spec.prompts_size()} * spec.seeds_size();
  if (total < 1) return FieldError("spec.prompts", "none", "a prompt and a seed at least");
  const auto model = models_.Get(spec.base_model());
  if (!model.ok()) return InContext("spec.base_model", model.status());
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    const std::string tenant = kTenant;
    auto row = Load(sql, "job", job);
    if (row.ok()) return Full(*std::move(row));
    if (IsRevoked(sql, job)) {
      return absl::FailedPreconditionError(absl::StrCat("job: ", job, " was ended"));
    }
    v1::ImageSet body;
    body.set_name(absl::StrCat("imageSets/", id));
    body.set_title(spec.title());
    body.set_job(job);
    *body.mutable_spec() = spec;
    *body.mutable_labels() = request.labels();
    body.set_base_model_fingerprint(model->fingerprint());
    *body.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(const std::string text, ToJsonText(body));
    const int state = v1::IMAGE_SET_STATE_OPEN;
    sql << "insert into image_sets (tenant, id, job, state, items_total, body)"
           " values (:t, :id, :j, :s, :n, :b)",
        soci::use(tenant), soci::use(id), soci::use(job), soci::use(state), soci::use(total),
        soci::use(text);
    ASSIGN_OR_RETURN(SetRow stored, Load(sql, "id", id));
    RETURN_IF_ERROR(NoteEmbeddings(sql, stored.number, spec));
    return Full(std::move(stored));
  });
}

absl::StatusOr<v1::ImageSet> ImageSets::Close(const std::string& name, v1::ImageSetState state) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  if (state != v1::IMAGE_SET_STATE_COMPLETE && state != v1::IMAGE_SET_STATE_PARTIAL) {
    return FieldError("state", v1::ImageSetState_Name(state),
                      "IMAGE_SET_STATE_COMPLETE or IMAGE_SET_STATE_PARTIAL");
  }
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    ASSIGN_OR_RETURN(SetRow row, Load(sql, "id", id));
    if (row.state == v1::IMAGE_SET_STATE_OPEN) {
      if (state == v1::IMAGE_SET_STATE_COMPLETE && row.done < row.total) {
        return absl::FailedPreconditionError(
            absl::StrCat("state: ", name, " has ", row.done, " of ", row.total, " items"));
      }
      row.state = state;
      ++row.version;
      sql << "update image_sets set state = :s, version = :v where number = :n",
          soci::use(row.state), soci::use(row.version), soci::use(row.number);
    }
    return Full(std::move(row));
  });
}

absl::StatusOr<v1::ImageSet> ImageSets::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    ASSIGN_OR_RETURN(SetRow row, Load(sql, "id", id));
    return Full(std::move(row));
  });
}

absl::StatusOr<std::vector<v1::ImageSet>> ImageSets::List(const Page& page, std::string& next) {
  ASSIGN_OR_RETURN(const int64_t before, NumberAfter(page, INT64_MAX));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::ImageSet>> {
    const std::string tenant = kTenant;
    const int limit = page.rows();
    SetRow row;
    ListedRow<int64_t> listed;
    soci::statement rows =
        (sql.prepare << "select number, body, state, items_total, items_done, items_blocked,"
                        " version from image_sets where tenant = :t and number < :before"
                        " order by number desc limit :limit",
         soci::use(tenant), soci::use(before), soci::use(limit), soci::into(listed.key),
         soci::into(listed.body), soci::into(row.state), soci::into(row.total),
         soci::into(row.done), soci::into(row.blocked), soci::into(row.version));
    return ReadPage<v1::ImageSet>(rows, listed, page, next, [&]() -> absl::StatusOr<v1::ImageSet> {
      ASSIGN_OR_RETURN(row.body, FromJsonText<v1::ImageSet>(listed.body));
      return Full(row);
    });
  });
}

absl::Status ImageSets::Delete(const std::string& name, const std::string& etag) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  const auto remove = [&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const SetRow row, Load(sql, "id", id));
    RETURN_IF_ERROR(CheckEtag(etag, row.version));
    if (row.state == v1::IMAGE_SET_STATE_OPEN) {
      return absl::FailedPreconditionError(
          absl::StrCat("name: ", name, " is being drawn; cancel its job first"));
    }
    std::vector<std::string> files =
        BlobsOf(sql, "items where sha256 <> '' and image_set = :n", row.number);
    sql << "delete from items where image_set = :n", soci::use(row.number);
    sql << "delete from image_set_embeddings where image_set = :n", soci::use(row.number);
    sql << "delete from image_sets where number = :n", soci::use(row.number);
    return files;
  };
  ASSIGN_OR_RETURN(const auto files, database_.Write(remove));
  blobs_.RemoveUnnamed(files);
  return absl::OkStatus();
}

absl::StatusOr<v1::Item> ImageSets::GetItem(const std::string& name) {
  ASSIGN_OR_RETURN(const ItemName parsed, ParseItemName(name));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Item> {
    ASSIGN_OR_RETURN(const SetRow set, Load(sql, "id", parsed.set));
    std::string body;
    sql << "select body from items where image_set = :s and item_index = :i", soci::use(set.number),
        soci::use(parsed.index), soci::into(body);
    if (!sql.got_data()) return NoSuch("name", name);
    return FromJsonText<v1::Item>(body);
  });
}

absl::StatusOr<std::vector<v1::Item>> ImageSets::ListItems(const std::string& set, const Page& page,
                                                           std::string& next) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("parent", set, "imageSets"));
  ASSIGN_OR_RETURN(const int64_t after, NumberAfter(page, -1));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Item>> {
    auto owner = Load(sql, "id", id);
    if (absl::IsNotFound(owner.status())) return NoSuch("parent", set);
    if (!owner.ok()) return owner.status();
    const int limit = page.rows();
    ListedRow<int64_t> row;
    soci::statement rows =
        (sql.prepare << "select item_index, body from items where image_set = :s"
                        " and item_index > :after order by item_index limit :limit",
         soci::use(owner->number), soci::use(after), soci::use(limit), soci::into(row.key),
         soci::into(row.body));
    return ReadPage<v1::Item>(rows, row, page, next);
  });
}

absl::StatusOr<Blob> ImageSets::Content(const v1::Item& item) {
  if (item.safety().blocked()) {
    return absl::FailedPreconditionError(
        absl::StrCat("name: ", item.name(), " was blocked by the safety checker"));
  }
  auto content = blobs_.Get(item.sha256(), DecodeLimits().max_bytes);
  if (!content.ok()) return InContext(item.name(), content.status());
  return content;
}

}  // namespace imprint::registry
