// Encodes pictures and writes their files while the next ones are drawn.
#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "base/rgb_image.h"
#include "imaging/picture_format.h"

namespace imprint::cli {

// A picture whose file is there, or that was passed over.
struct WrittenPicture {
  // As it was given to Add or PassOver.
  size_t index = 0;
  RgbImage image;
  // The file's name, in the folder, and the hash of its bytes; empty if it was passed over.
  std::string file;
  std::string sha256;
};

// Its methods are for one thread; the work is done on another, one picture after the other.
class PictureWriter {
 public:
  // The most pictures that wait to be written.
  static constexpr size_t kMostWaiting = 16;

  PictureWriter(std::filesystem::path folder, PictureFormat format);
  // Waits for what was begun, and drops what was not.
  ~PictureWriter();
  PictureWriter(const PictureWriter&) = delete;
  PictureWriter& operator=(const PictureWriter&) = delete;

  // Has the picture written to a file of that name, without extension; waits while too many do.
  // After an error nothing is written any more.
  void Add(size_t index, const std::string& name, RgbImage image);
  // Notes a picture that gets no file, in its place among the others.
  void PassOver(size_t index);

  // Returns the pictures that are done since the last call, in the order in which they came.
  std::vector<WrittenPicture> TakeWritten();

  // Returns the error that it met, if it did.
  absl::Status status() const;
  // Waits until nothing waits any more, and returns the same.
  absl::Status Finish();

 private:
  void Push(WrittenPicture picture);
  void Work();
  absl::Status Write(WrittenPicture& picture) const;
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !status_.ok() || waiting_.size() < kMostWaiting;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || (status_.ok() && !waiting_.empty());
  }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !status_.ok() || waiting_.empty();
  }

  const std::filesystem::path folder_;
  const PictureFormat format_;
  mutable absl::Mutex mutex_;
  // The first one is being written. A deque's elements stay where they are while others come.
  std::deque<WrittenPicture> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<WrittenPicture> written_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imprint::cli
