#include "gateway/dispatch/run_follower.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/error_notes.h"
#include "base/pause.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "gateway/dispatch/gang_end.h"
#include "gateway/dispatch/run_end.h"
#include "gateway/jobs/item_plan.h"
#include "gateway/jobs/job_id.h"
#include "orders/wire/picture_wire.h"
#include "services/server/log.h"
#include "sets/wire/planned_items.h"

namespace imprint::gateway {
namespace {

// How often a training's progress is stored; what comes between is passed over.
constexpr absl::Duration kProgressEvery = absl::Milliseconds(250);
constexpr absl::Duration kRetryAfter = absl::Milliseconds(250);
// Between the end of a gang's rank 0 and those of the others.
constexpr absl::Duration kEndsPatience = absl::Seconds(5);
// Before a gang that may be smaller begins again.
constexpr absl::Duration kRegroupWait = absl::Seconds(5);

}  // namespace

RunFollower::RunFollower(RunLease lease, std::vector<RunNode> seats, bool adopted,
                         std::string registry_address, Leases& leases, RunRecords& records,
                         NodeTable& nodes, RegistryClient& registry, Obstacles& obstacles,
                         DrawingPace& pace, sets::ExpansionCache& plans,
                         std::function<void()> ended)
    : lease_(std::move(lease)),
      node_(seats.front()),
      adopted_(adopted),
      registry_address_(std::move(registry_address)),
      leases_(leases),
      records_(records),
      nodes_(nodes),
      registry_(registry),
      obstacles_(obstacles),
      pace_(pace),
      plans_(plans),
      client_(NodeClient::Open(node_.kind, node_.address)),
      members_(seats.size() == 1
                   ? nullptr
                   : std::make_unique<GangMembers>(
                         lease_.key, seats,
                         [this](v1::StopMode mode) {
                           return client_->Stop(lease_.key, mode, "another rank of its gang ended");
                         })),
      ticket_(lease_.key, registry),
      unlisted_(!adopted),
      heard_us_(absl::ToUnixMicros(absl::Now())),
      on_end_(std::move(ended)),
      thread_([this](const std::stop_token& stop) {
        Follow(stop);
        // Here, not where the dispatcher would wait for it: a call may take its time.
        if (members_ != nullptr) {
          members_->RequestStop();
          members_->Join();
        }
        ended_ = true;
        on_end_();
      }) {}

std::vector<v1::RunKey> RunFollower::unlisted() const {
  std::vector<v1::RunKey> keys;
  if (unlisted_) keys.push_back(lease_.key);
  if (members_ != nullptr) {
    for (v1::RunKey& key : members_->unlisted()) keys.push_back(std::move(key));
  }
  return keys;
}

void RunFollower::RequestStop() {
  thread_.request_stop();
  if (members_ != nullptr) members_->RequestStop();
}

bool RunFollower::Preempt(const std::string& reason) {
  // One that could not be told is told again.
  if (preempted_ || !client_->Stop(lease_.key, v1::STOP_MODE_PREEMPT, reason).ok()) return false;
  preempted_ = true;
  return true;
}

void RunFollower::Follow(const std::stop_token& stop) {
  if (adopted_ && members_ != nullptr) members_->Adopt();
  if (!adopted_) {
    if (const absl::Status begun = Begin(); !begun.ok()) {
      LogWarning("a run could not be started; its chunk is given back",
                 {{"job", lease_.key.job()},
                  {"attempt", lease_.key.attempt()},
                  {"node", node_.name},
                  {"trace", lease_.trace_id},
                  {"error", begun.message()}});
      GiveBack(EndOfBeginning(begun), stop);
      return;
    }
    unlisted_ = false;
  }
  while (!done_ && !stop.stop_requested()) {
    const absl::Status followed = client_->Attach(
        lease_.key, next_event_, [&](const v1::RunEvent& event) { return Take(event, stop); },
        stop);
    if (done_ || stop.stop_requested()) return;
    if (absl::IsAborted(followed) || absl::IsAborted(leases_.Reload(lease_.key).status())) {
      // Superseded or cancelled: nobody wants the run any more.
      (void)client_->Stop(lease_.key, v1::STOP_MODE_ABANDON, "superseded");
      return;
    }
    if (absl::IsNotFound(followed)) {
      GiveBack({.reason = absl::StrCat("node ", node_.name, " no longer has it")}, stop);
      return;
    }
    // The stream broke; whether the node is gone is for its heartbeat to say.
    Pause(stop, kRetryAfter);
  }
}

absl::Status RunFollower::Begin() {
  // An earlier attempt drew them all, and ended before it could say that it was done.
  if (!lease_.job.has_training() && std::popcount(lease_.done_bits) == lease_.item_count) {
    return CompleteChunk();
  }
  v1::IssueTicketRequest request;
  if (lease_.job.has_training()) {
    request.set_reference_set(lease_.job.training().reference_set());
  } else {
    ASSIGN_OR_RETURN(image_set_, ImageSet());
    request.set_image_set(image_set_);
  }
  request.set_first_item(lease_.first_item);
  request.set_item_count(lease_.item_count);
  v1::Ticket ticket;
  ticket.set_registry(registry_address_);
  ASSIGN_OR_RETURN(*ticket.mutable_token(), ticket_.Issue(std::move(request), absl::Now()));
  return lease_.job.has_training() ? BeginTraining(ticket) : BeginSampling(ticket);
}

absl::StatusOr<std::string> RunFollower::ImageSet() {
  ASSIGN_OR_RETURN(const v1::ImageSet set, registry_.CreateImageSet(lease_.job));
  return set.name();
}

absl::Status RunFollower::CompleteChunk() {
  if (image_set_.empty()) {
    ASSIGN_OR_RETURN(image_set_, ImageSet());
  }
  RETURN_IF_ERROR(records_.CompleteChunk(lease_.key, image_set_));
  ticket_.End();
  done_ = true;
  return absl::OkStatus();
}

void RunFollower::NotePace() {
  pace_.Note(lease_.model.fingerprint(), lease_.job.image_set().precision(), lease_.item_work,
             drawn_, absl::Now() - drawing_since_);
}

absl::Status RunFollower::BeginTraining(const v1::Ticket& ticket) {
  *order_.mutable_run() = lease_.key;
  *order_.mutable_spec() = lease_.job.training();
  *order_.mutable_model() = lease_.model;
  *order_.mutable_ticket() = ticket;
  order_.set_checkpoint(lease_.checkpoint);
  order_.set_trace_id(lease_.trace_id);
  order_.set_priority(lease_.job.priority());
  // It may be what brought others down that were computed with it.
  order_.set_alone(lease_.faults > 0);
  if (members_ != nullptr) JoinGang(order_);
  return client_->Start(order_);
}

void RunFollower::JoinGang(v1::StartTrainingRequest& order) const {
  v1::GangPlace& place = *order.mutable_gang();
  place.set_size(static_cast<int>(lease_.nodes.size()));
  place.set_token(NewResourceId());
  place.set_own_host(HostOf(node_));
  // Nodes may differ in their own number; the bits depend on it.
  if (order.spec().compute_threads() != 0) return;
  const auto node = nodes_.Find(node_.name);
  if (!node || node->status.devices().empty()) return;
  order.mutable_spec()->set_compute_threads(node->status.devices(0).threads());
}

absl::Status RunFollower::BeginSampling(const v1::Ticket& ticket) {
  const v1::ImageSetSpec& spec = lease_.job.image_set();
  v1::StartSamplingRequest request;
  *request.mutable_run() = lease_.key;
  *request.mutable_model() = lease_.model;
  *request.mutable_ticket() = ticket;
  request.set_image_set(image_set_);
  request.set_format(spec.format());
  request.set_trace_id(lease_.trace_id);
  request.set_chunk_items(std::min(lease_.job.items_total(), kMostChunkItems));
  request.set_batch_places(spec.batch_places());
  request.set_priority(lease_.job.priority());
  RETURN_IF_ERROR(AddItems(request));
  if (!spec.extends().empty()) RETURN_IF_ERROR(Adopt(request));
  if (request.items().empty()) return CompleteChunk();
  for (const std::string& name : spec.embeddings()) {
    v1::EmbeddingFile& file = *request.add_embeddings();
    file.set_name(name);
    ASSIGN_OR_RETURN(*file.mutable_content(), registry_.DownloadEmbedding(name));
  }
  return client_->Start(request);
}

absl::Status RunFollower::AddItems(v1::StartSamplingRequest& order) {
  const v1::ImageSetSpec& spec = lease_.job.image_set();
  std::shared_ptr<const sets::Expansion> plan;
  if (!spec.plan().empty()) {
    ASSIGN_OR_RETURN(plan, plans_.Of(spec.plan()));
  }
  // Items with settings of their own have all of them: a sampler of before there were such refuses
  // them, where it would overlook what differs.
  const v1::ItemRequest settings = SettingsOf(spec);
  if (plan == nullptr && !spec.has_redraw()) *order.mutable_settings() = settings;
  for (int64_t place = 0; place < lease_.item_count; ++place) {
    if ((lease_.done_bits >> place & 1) != 0) continue;
    const int64_t index = lease_.first_item + place;
    if (spec.has_redraw()) {
      ASSIGN_OR_RETURN(*order.add_items(), ItemAgain(spec.redraw(), index));
    } else {
      v1::ItemRequest& item = *order.add_items();
      if (plan != nullptr) item = settings;
      item.MergeFrom(sets::ItemOf(spec, plan.get(), index));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ItemRequest> RunFollower::ItemAgain(const v1::Redraw& redraw, int64_t index) {
  if (index >= redraw.items_size()) {
    return absl::InternalError(absl::StrCat("item ", index, " was not asked for"));
  }
  const int64_t earlier = redraw.items(static_cast<int>(index));
  ASSIGN_OR_RETURN(const v1::Item recorded,
                   registry_.GetItem(absl::StrCat(redraw.image_set(), "/items/", earlier)));
  v1::ItemRequest item = recorded.request();
  if (!item.has_position()) item.set_position(item.index());
  item.set_index(index);
  item.set_redraw_of(recorded.name());
  return item;
}

absl::Status RunFollower::Adopt(v1::StartSamplingRequest& order) {
  v1::AdoptItemsRequest wanted;
  wanted.set_token(order.ticket().token());
  *wanted.mutable_items() = order.items();
  ASSIGN_OR_RETURN(const v1::AdoptItemsResponse adopted, registry_.AdoptItems(wanted));
  std::set<int64_t> there;
  for (const v1::Item& item : adopted.items()) {
    v1::PictureDrawn drawn;
    *drawn.mutable_request() = item.request();
    *drawn.mutable_safety() = item.safety();
    drawn.set_sha256(item.sha256());
    RETURN_IF_ERROR(records_.RecordPicture(lease_.key, drawn, image_set_));
    there.insert(item.request().index());
  }
  auto& items = *order.mutable_items();
  items.erase(std::remove_if(items.begin(), items.end(),
                             [&](const auto& item) { return there.contains(item.index()); }),
              items.end());
  return absl::OkStatus();
}

// An error ends the stream: ABORTED if the run is superseded, another one to have the event again.
absl::Status RunFollower::Take(const v1::RunEvent& event, const std::stop_token& stop) {
  heard_us_ = absl::ToUnixMicros(absl::Now());
  absl::Status stored = Store(event, stop);
  NoteStored(stored);
  if (!done_) ticket_.KeepValid(absl::Now());
  return stored;
}

void RunFollower::NoteStored(const absl::Status& status) {
  // One that is superseded has nothing to say of the job any more, and an end has had its say.
  if (absl::IsAborted(status) || done_) return;
  const std::string& job = lease_.key.job();
  const std::string id = JobIdOf(lease_.key);
  if (status.ok()) {
    cannot_store_.Over();
    obstacles_.Clear(id);
    return;
  }
  obstacles_.Set(id, absl::StrCat("the gateway cannot store what comes: ", status.message()));
  if (cannot_store_.Due()) {
    LogWarning("cannot store an event of a run; it is retried",
               {{"job", job}, {"attempt", lease_.key.attempt()}, {"error", Diagnosed(status)}});
  }
}

absl::Status RunFollower::Store(const v1::RunEvent& event, const std::stop_token& stop) {
  switch (event.event_case()) {
    case v1::RunEvent::kStarted:
      RETURN_IF_ERROR(records_.RecordStart(lease_.key, event.started()));
      if (!adopted_) drawing_since_ = absl::Now();
      break;
    case v1::RunEvent::kProgress:
      RETURN_IF_ERROR(KeepProgress(event.progress()));
      break;
    case v1::RunEvent::kCheckpoint:
      RETURN_IF_ERROR(records_.RecordCheckpoint(lease_.key, event.checkpoint()));
      break;
    case v1::RunEvent::kPicture:
      if (image_set_.empty()) {
        ASSIGN_OR_RETURN(image_set_, ImageSet());
      }
      RETURN_IF_ERROR(records_.RecordPicture(lease_.key, event.picture(), image_set_));
      ++drawn_;
      break;
    case v1::RunEvent::kTrainingResult:
      RETURN_IF_ERROR(FlushProgress());
      // Its ticket is good until the embedding is committed: as long as it is, nobody can delete
      // the pictures that it was taught from.
      RETURN_IF_ERROR(records_.CompleteTraining(lease_.key, event.training_result()));
      done_ = true;
      // Heard to their ends, they are no longer in their nodes' lists.
      if (members_ != nullptr) members_->AwaitEnds(kEndsPatience);
      break;
    case v1::RunEvent::kChunkResult:
      NotePace();
      RETURN_IF_ERROR(CompleteChunk());
      break;
    case v1::RunEvent::kDoor:
      if (members_ != nullptr && !adopted_) members_->Begin(order_, event.door());
      break;
    case v1::RunEvent::kFailure:
    case v1::RunEvent::kStopped:
      GiveBack(EndOf(event, stop), stop);
      break;
    case v1::RunEvent::kRankDone:
    case v1::RunEvent::kWorking:
    case v1::RunEvent::EVENT_NOT_SET:
      break;
  }
  next_event_ = event.number() + 1;
  return absl::OkStatus();
}

// Of a gang, what the rank at fault says.
RunEnd RunFollower::EndOf(const v1::RunEvent& last, const std::stop_token& stop) {
  std::vector<RankEnd> ends = {{.rank = 0, .node = node_.name, .last = last}};
  if (members_ != nullptr) {
    unlisted_ = true;
    const absl::Duration patience = IsAtFault(ends.front()) ? absl::ZeroDuration() : kEndsPatience;
    for (RankEnd& end : members_->AwaitEnds(patience)) ends.push_back(std::move(end));
  }
  // Before the work waits again: it must not go back to where it came from.
  for (const RankEnd& end : ends) {
    if (end.last && end.last->stopped().draining()) nodes_.SetDraining(end.node);
  }
  if (members_ != nullptr) {
    RunEnd end = EndOfGang(ends);
    // Nobody's fault: the gateway before this one ended before it had begun them all, or this one
    // ends before it has heard why.
    const auto never_begun = [](const RankEnd& each) { return absl::IsNotFound(each.error); };
    if ((adopted_ && std::any_of(ends.begin(), ends.end(), never_begun)) ||
        (stop.stop_requested() && std::none_of(ends.begin(), ends.end(), IsAtFault))) {
      end.fault = false;
    }
    // The slots of all are free again before fewer would do.
    const int enough = lease_.job.training().min_ranks();
    if (enough > 0 && enough < static_cast<int>(ends.size())) {
      end.wait = std::max(end.wait, kRegroupWait);
    }
    return end;
  }
  return last.has_failure() ? EndOfFailure(last.failure()) : EndOfStop(last.stopped());
}

absl::Status RunFollower::KeepProgress(const v1::TrainingProgress& progress) {
  progress_ = progress;
  progress_waits_ = true;
  if (absl::Now() - progress_stored_ < kProgressEvery) return absl::OkStatus();
  return FlushProgress();
}

absl::Status RunFollower::FlushProgress() {
  if (!std::exchange(progress_waits_, false)) return absl::OkStatus();
  progress_stored_ = absl::Now();
  return records_.RecordProgress(lease_.key, progress_);
}

// Until it is stored: a disk that is full for a while must not lose a run's end.
void RunFollower::GiveBack(const RunEnd& end, const std::stop_token& stop) {
  while (true) {
    const absl::Status given = records_.GiveBack(lease_.key, end);
    NoteStored(given);
    if (given.ok() || absl::IsAborted(given) || stop.stop_requested()) break;
    Pause(stop, kRetryAfter);
  }
  ticket_.End();
  done_ = true;
  // What nobody is to blame for is waited for: a registry that has no room.
  if (!end.fault && !end.failure.reason().empty()) {
    obstacles_.Set(JobIdOf(lease_.key), end.reason);
  }
}

absl::Status RunFollower::Abandon(const RunEnd& end) {
  absl::Status given = records_.GiveBack(lease_.key, end);
  if (given.ok() || absl::IsAborted(given)) RequestStop();
  return given;
}

}  // namespace imprint::gateway
