#include "cli/imprint_engine/picture_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "imaging/encode.h"

namespace imprint::cli {

PictureWriter::PictureWriter(std::filesystem::path folder, PictureFormat format, int threads)
    : folder_(std::move(folder)), format_(format) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

PictureWriter::~PictureWriter() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status PictureWriter::Add(size_t index, std::string name, RgbImage image) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    const auto waiting =
        std::count_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.done; });
    return !error_.ok() || static_cast<size_t>(waiting) < kMostAtOnce;
  });
  if (!error_.ok()) return error_;
  jobs_.push_back({.picture = {.index = index,
                               .image = std::move(image),
                               .file = absl::StrCat(name, Extension(format_))}});
  changed_.notify_all();
  return absl::OkStatus();
}

std::vector<WrittenPicture> PictureWriter::TakeWritten() {
  const std::lock_guard lock(mutex_);
  std::vector<WrittenPicture> written;
  while (!jobs_.empty() && jobs_.front().done) {
    written.push_back(std::move(jobs_.front().picture));
    jobs_.pop_front();
  }
  return written;
}

absl::Status PictureWriter::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return std::all_of(jobs_.begin(), jobs_.end(),
                       [this](const Job& job) { return job.done || (!error_.ok() && !job.begun); });
  });
  return error_;
}

void PictureWriter::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    Job* job = nullptr;
    changed_.wait(lock, [&] { return closed_ || (job = NextJob()) != nullptr; });
    if (closed_) return;
    job->begun = true;
    lock.unlock();
    WrittenPicture& picture = job->picture;
    auto encoded = EncodePicture(picture.image, format_);
    absl::Status written = encoded.status();
    if (encoded.ok()) {
      picture.sha256 = Sha256Hex(*encoded);
      written = WriteFileAtomically(folder_ / picture.file, *encoded);
    }
    lock.lock();
    // Without an error it is handed out; with one, nothing behind it is.
    job->done = written.ok();
    if (!written.ok()) {
      job->begun = false;
      if (error_.ok()) error_ = written;
    }
    changed_.notify_all();
  }
}

PictureWriter::Job* PictureWriter::NextJob() {
  if (!error_.ok()) return nullptr;
  const auto next =
      std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.begun; });
  return next == jobs_.end() ? nullptr : &*next;
}

}  // namespace imprint::cli
