#include "services/registry/items.h"

#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/picture_size.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "imaging/picture_format.h"
#include "orders/wire/picture_wire.h"
#include "rpc/proto_json.h"
#include "services/registry/image_set_row.h"
#include "services/registry/item_row.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"
#include "services/registry/tickets.h"

namespace imprint::registry {
namespace {

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
  // Samplers write none of the other formats, so these are refused before they cost memory.
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

}  // namespace

absl::StatusOr<Items::Upload> Items::Upload::Begin(
    Items& items, const v1::UploadItemRequest::ItemHeader& header) {
  ASSIGN_OR_RETURN(const TicketScope scope, Tickets(items.database_).Check(header.token()));
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
  Upload upload(items, header);
  if (!blocked) {
    RETURN_IF_ERROR(CheckDigest("header.sha256", header.sha256()));
    ASSIGN_OR_RETURN(upload.file_, items.blobs_.NewWriter());
  }
  return upload;
}

absl::Status Items::Upload::Append(absl::string_view bytes) {
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

absl::StatusOr<v1::Item> Items::Upload::Finish(bool& committed) {
  const bool blocked = header_.safety().blocked();
  // Outlives the transaction, by the end of which a record names the blob.
  std::optional<RecordedBlobs::Held> file;
  v1::Item item;
  *item.mutable_request() = header_.request();
  *item.mutable_safety() = header_.safety();
  if (header_.has_computation()) *item.mutable_computation() = header_.computation();
  *item.mutable_blocked_tries() = header_.blocked_tries();
  if (!blocked) {
    ASSIGN_OR_RETURN(const BlobStore::Writer::Sealed sealed, file_->Seal());
    if (sealed.sha256 != header_.sha256()) {
      return FieldError("header.sha256", Quoted(header_.sha256()),
                        absl::StrCat(sealed.sha256, ", which the file has"));
    }
    ASSIGN_OR_RETURN(*item.mutable_mime_type(),
                     MimeType(sealed.blob.bytes(), header_.request(), items_->memory_));
    ASSIGN_OR_RETURN(RecordedBlobs::Held stored, items_->blobs_.Commit(*file_, sealed.sha256));
    item.set_sha256(stored.sha256());
    item.set_bytes(received_);
    file.emplace(std::move(stored));
  }
  return items_->database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Item> {
    // Another attempt may have begun since Begin, which voids the ticket. Within the transaction
    // nothing can come in between any more.
    ASSIGN_OR_RETURN(const TicketScope scope, Tickets::Check(sql, header_.token()));
    RETURN_IF_ERROR(CheckMayDraw(scope));
    ASSIGN_OR_RETURN(const ImageSetBrief set, FindImageSetBrief(sql, scope.image_set));
    const int64_t index = header_.request().index();
    RETURN_IF_ERROR(CheckIsOf(scope, index));
    if (index >= set.total) {
      return FieldError("header.request.index", absl::StrCat(index),
                        absl::StrCat("0 to ", set.total - 1));
    }
    ASSIGN_OR_RETURN(std::optional<v1::Item> first, FindItem(sql, set.number, index));
    // Before the set's state is looked at: an upload that is tried again because its answer was
    // lost succeeds even if the set has been closed since.
    if (first) return *std::move(first);
    RETURN_IF_ERROR(AddItem(sql, set, item));
    committed = true;
    return item;
  });
}

absl::StatusOr<v1::Item> Items::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const ItemName parsed, ParseItemName(name));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Item> {
    ASSIGN_OR_RETURN(const ImageSetBrief set, FindImageSetBrief(sql, parsed.set));
    ASSIGN_OR_RETURN(std::optional<v1::Item> item, FindItem(sql, set.number, parsed.index));
    if (!item) return NoSuch("name", name);
    return *std::move(item);
  });
}

absl::StatusOr<v1::Item> Items::Get(const std::string& set, const std::string& key) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("parent", set, "imageSets"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Item> {
    const auto owner = FindImageSetBrief(sql, id);
    if (absl::IsNotFound(owner.status())) return NoSuch("parent", set);
    if (!owner.ok()) return owner.status();
    ASSIGN_OR_RETURN(std::optional<v1::Item> item, FindItem(sql, owner->number, key));
    if (!item) return NoSuch("key", key);
    return *std::move(item);
  });
}

absl::StatusOr<std::vector<v1::Item>> Items::List(const std::string& set, const Page& page,
                                                  std::string& next) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("parent", set, "imageSets"));
  ASSIGN_OR_RETURN(const int64_t after, NumberAfter(page, -1));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Item>> {
    auto owner = FindImageSetBrief(sql, id);
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

absl::StatusOr<Blob> Items::Content(const v1::Item& item) {
  if (item.safety().blocked()) {
    return absl::FailedPreconditionError(
        absl::StrCat("name: ", item.name(), " was blocked by the safety checker"));
  }
  auto content = blobs_.Get(item.sha256(), DecodeLimits().max_bytes);
  if (!content.ok()) return InContext(item.name(), content.status());
  return content;
}

}  // namespace imprint::registry
