#include "services/rank/prepared_pictures.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <imprint/v1/transfer.grpc.pb.h>

#include "base/pause.h"
#include "base/status_macros.h"
#include "orders/wire/training_wire.h"
#include "rpc/channel.h"
#include "rpc/client_call.h"
#include "rpc/retry.h"
#include "rpc/status.h"

namespace imprint::rank {
namespace {

// More are of no use to a training.
constexpr int kMaxPictures = 1000;
constexpr absl::Duration kPause = absl::Milliseconds(500);

absl::StatusOr<RgbImage> ToImage(v1::PreparedPicture& picture, int size) {
  const size_t bytes = 3 * static_cast<size_t>(size) * static_cast<size_t>(size);
  if (picture.width() != size || picture.height() != size || picture.pixels().size() != bytes) {
    return absl::DataLossError(absl::StrCat("the registry sent picture ", picture.index(), " with ",
                                            picture.width(), "×", picture.height(), " pixels in ",
                                            picture.pixels().size(), " bytes; asked for ", size,
                                            "×", size));
  }
  return RgbImage{size, size, {picture.pixels().begin(), picture.pixels().end()}};
}

// Pictures as they come, each at its place.
class Collection {
 public:
  absl::Status Add(v1::PreparedPicture& picture, int size) {
    if (picture.count() < 1 || picture.count() > kMaxPictures || picture.index() < 0 ||
        picture.index() >= picture.count()) {
      return absl::DataLossError(
          absl::StrCat("the registry sent picture ", picture.index(), " of ", picture.count()));
    }
    images_.resize(static_cast<size_t>(picture.count()));
    ASSIGN_OR_RETURN(images_[static_cast<size_t>(picture.index())], ToImage(picture, size));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<RgbImage>> Take() && {
    const bool complete =
        !images_.empty() && std::all_of(images_.begin(), images_.end(),
                                        [](const RgbImage& image) { return image.width > 0; });
    if (!complete) return absl::UnavailableError("the registry did not send all pictures");
    return std::move(images_);
  }

 private:
  std::vector<RgbImage> images_;
};

absl::StatusOr<std::vector<RgbImage>> FetchOnce(v1::TransferService::StubInterface& registry,
                                                const v1::GetPreparedPicturesRequest& request,
                                                const std::stop_token& stop, absl::Time deadline) {
  ClientCall call({.deadline = deadline, .stop = stop, .wait_for_ready = true});
  const auto stream = registry.GetPreparedPictures(&call.context(), request);
  Collection pictures;
  v1::PreparedPicture picture;
  absl::Status kept;
  while (kept.ok() && stream->Read(&picture)) kept = pictures.Add(picture, request.size());
  if (!kept.ok()) call.context().TryCancel();
  const grpc::Status status = stream->Finish();
  RETURN_IF_ERROR(kept);
  RETURN_IF_ERROR(FromGrpc(status));
  return std::move(pictures).Take();
}

// Neither DEADLINE_EXCEEDED, since the deadline is the whole of the patience, nor CANCELLED, as
// which a stop ends the stream. INTERNAL and UNKNOWN are how a stream breaks that has begun.
bool IsRetryableFetch(const absl::Status& error) {
  return IsStreamBroken(error) || absl::IsAborted(error);
}

}  // namespace

absl::StatusOr<std::vector<RgbImage>> FetchPreparedPictures(const v1::Ticket& ticket, int size,
                                                            SquareFit fit,
                                                            const std::stop_token& stop,
                                                            absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  const auto registry = v1::TransferService::NewStub(OpenChannel(ticket.registry()));
  v1::GetPreparedPicturesRequest request;
  request.set_token(ticket.token());
  request.set_size(size);
  request.set_fit(ToProto(fit));
  while (true) {
    auto pictures = FetchOnce(*registry, request, stop, deadline);
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (pictures.ok() || !IsRetryableFetch(pictures.status()) || absl::Now() + kPause >= deadline) {
      return pictures;
    }
    Pause(stop, kPause);
  }
}

}  // namespace imprint::rank
