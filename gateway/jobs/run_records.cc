#include "gateway/jobs/run_records.h"

#include <bit>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "gateway/jobs/chunk_row.h"
#include "gateway/jobs/held_run.h"
#include "gateway/jobs/job_row.h"
#include "gateway/jobs/tenant_usage.h"

namespace imprint::gateway {
namespace {

// All chunks are done: on to the registry.
absl::Status CompleteIfLast(soci::session& sql, JobRow& job) {
  if (CountChunks(sql, job.id, kChunkDone) == 0 || CountChunks(sql, job.id, kChunkWaiting) > 0 ||
      CountChunks(sql, job.id, kChunkRunning) > 0 || FreshChunks(job) > 0) {
    return absl::OkStatus();
  }
  return Occur(sql, job, JobOccurrence::kComputed, "computed; the registry takes it over");
}

// What the run has taken of its nodes until now.
void Charge(soci::session& sql, const HeldRun& held) {
  AddUsage(sql, held.job.tenant, held.chunk.start_us, std::ssize(held.chunk.nodes));
}

// The run's chunk is done.
absl::Status Complete(soci::session& sql, const v1::RunKey& run, HeldRun& held) {
  held.chunk.state = kChunkDone;
  SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
  Charge(sql, held);
  RETURN_IF_ERROR(
      AddEvent(sql, held.job, AttemptEvent(run, held.chunk, v1::ATTEMPT_STATE_SUCCEEDED, "")));
  RETURN_IF_ERROR(CompleteIfLast(sql, held.job));
  return SaveJob(sql, held.job);
}

}  // namespace

absl::Status RunRecords::Record(
    const v1::RunKey& run, const std::function<absl::Status(soci::session&, HeldRun&)>& change) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(HeldRun held, Hold(sql, run));
    return change(sql, held);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunRecords::RecordStart(const v1::RunKey& run, const v1::RunStarted& started) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const HeldRun held, Hold(sql, run));
    // timeouts.queue no longer applies, even where the job waits again (job_endings.cc).
    sql << "update jobs set begun = 1 where id = :id and begun = 0", soci::use(held.job.id);
    // Bit-equal results need every attempt to compute with as many threads as the first.
    return ChangeSpec(sql, held.job.id, [&](v1::Job& job) {
      if (!job.has_training() || job.training().compute_threads() != 0) return false;
      job.mutable_training()->set_compute_threads(started.compute_threads());
      return true;
    });
  });
}

absl::Status RunRecords::RecordProgress(const v1::RunKey& run,
                                        const v1::TrainingProgress& progress) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    *held.job.job.mutable_progress() = progress;
    v1::JobEvent event = EventOf(run, held.chunk);
    *event.mutable_progress() = progress;
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  });
}

absl::Status RunRecords::RecordCheckpoint(const v1::RunKey& run,
                                          const v1::RunCheckpoint& checkpoint) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    int64_t kept = -1;
    sql << "select step from checkpoints where job = :job", soci::use(held.job.id),
        soci::into(kept);
    // Whoever adopts a run hears its events from the first on.
    if (kept >= checkpoint.step()) return absl::OkStatus();
    const int64_t step = checkpoint.step();
    const std::string state = absl::BytesToHexString(checkpoint.state());
    sql << "insert into checkpoints (job, step, state) values (:job, :step, :state)"
           " on conflict (job) do update set step = excluded.step, state = excluded.state",
        soci::use(held.job.id), soci::use(step), soci::use(state);
    // Only faults without progress in between add up to max_attempts.
    held.chunk.faults = 0;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    v1::JobEvent event = EventOf(run, held.chunk);
    event.mutable_checkpoint()->set_step(step);
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  });
}

absl::Status RunRecords::RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                                       const std::string& image_set) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    const int64_t index = picture.request().index();
    const int64_t place = index - held.chunk.first_item;
    if (place < 0 || place >= held.chunk.item_count) {
      return absl::InternalError(
          absl::StrCat("picture ", index, " is not of ", run.job(), " chunk ", run.chunk()));
    }
    const int64_t bit = int64_t{1} << place;
    // Recorded already: a stream that is taken up again may repeat what was stored last.
    if ((held.chunk.done_bits & bit) != 0) return absl::OkStatus();
    held.chunk.done_bits |= bit;
    held.chunk.faults = 0;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    v1::Job& job = held.job.job;
    job.set_items_done(job.items_done() + 1);
    if (picture.safety().blocked()) job.set_items_blocked(job.items_blocked() + 1);
    v1::JobEvent event = EventOf(run, held.chunk);
    auto* done = event.mutable_picture();
    done->set_item(absl::StrCat(image_set, "/items/", index));
    done->set_index(index);
    done->set_key(picture.request().key());
    done->set_prompt(picture.request().prompt());
    done->set_seed(picture.request().seed());
    done->set_blocked(picture.safety().blocked());
    done->set_sha256(picture.sha256());
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  });
}

absl::Status RunRecords::CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    const std::string body = absl::BytesToHexString(result.SerializeAsString());
    sql << "insert into results (job, body) values (:job, :body)", soci::use(held.job.id),
        soci::use(body);
    return Complete(sql, run, held);
  });
}

absl::Status RunRecords::CompleteChunk(const v1::RunKey& run, const std::string& image_set) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    if (std::popcount(static_cast<uint64_t>(held.chunk.done_bits)) != held.chunk.item_count) {
      return absl::InternalError(absl::StrCat(run.job(), " chunk ", run.chunk(),
                                              " is said to be done, but pictures are missing"));
    }
    held.job.job.set_result(image_set);
    return Complete(sql, run, held);
  });
}

absl::Status RunRecords::GiveBack(const v1::RunKey& run, const RunEnd& end) {
  return Record(run, [&](soci::session& sql, HeldRun& held) -> absl::Status {
    JobRow& job = held.job;
    held.chunk.state = kChunkWaiting;
    if (end.fault) ++held.chunk.faults;
    SaveChunk(sql, job.id, run.chunk(), held.chunk);
    Charge(sql, held);
    RETURN_IF_ERROR(AddEvent(sql, job, AttemptEvent(run, held.chunk, end.state, end.reason)));
    job.not_before_us = DatabaseNowMicros(sql) + absl::ToInt64Microseconds(end.wait);
    if (end.fatal) {
      RETURN_IF_ERROR(Fail(sql, job, end.failure));
    } else if (held.chunk.faults >= job.job.max_attempts()) {
      v1::Failure failure;
      failure.set_reason(end.failure.reason().empty() ? "TOO_MANY_FAULTS" : end.failure.reason());
      failure.set_message(absl::StrCat("gave up after ", held.chunk.faults,
                                       " faults without progress; the last: ", end.reason));
      RETURN_IF_ERROR(Fail(sql, job, failure));
      // While others of its chunks run, the job is RUNNING.
    } else if (CountChunks(sql, job.id, kChunkRunning) == 0) {
      RETURN_IF_ERROR(Occur(sql, job, JobOccurrence::kRunsReturned, end.reason));
    }
    return SaveJob(sql, job);
  });
}

}  // namespace imprint::gateway
