// Encodes pictures and writes their files while the next ones are drawn.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "base/rgb_image.h"
#include "imaging/picture_format.h"

namespace imprint::cli {

// A picture whose file is there.
struct WrittenPicture {
  // As it was given to Add.
  size_t index = 0;
  RgbImage image;
  // The file's name, in the folder, and the hash of its bytes.
  std::string file;
  std::string sha256;
};

// Its methods are for one thread; the work is done on others.
class PictureWriter {
 public:
  // The most pictures that are encoded or wait for it.
  static constexpr size_t kMostAtOnce = 16;

  PictureWriter(std::filesystem::path folder, PictureFormat format, int threads = 2);
  // Waits for what was begun, and drops what was not.
  ~PictureWriter();
  PictureWriter(const PictureWriter&) = delete;
  PictureWriter& operator=(const PictureWriter&) = delete;

  // Has the picture written to a file of that name, without extension; waits while there are too
  // many. Returns the error of an earlier one, after which none is begun any more.
  absl::Status Add(size_t index, std::string name, RgbImage image);

  // Returns the pictures that were written since the last call, in the order of Add.
  std::vector<WrittenPicture> TakeWritten();

  // Waits until all are written. Returns the first error.
  absl::Status Finish();

 private:
  struct Job {
    WrittenPicture picture;
    bool begun = false;
    bool done = false;
  };

  void Work();
  // The next one that nobody has begun; null if there is none.
  Job* NextJob();

  const std::filesystem::path folder_;
  const PictureFormat format_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // In the order of Add; those at the front that are done are for TakeWritten. A deque's elements
  // stay where they are while others come and go at its ends.
  std::deque<Job> jobs_;
  absl::Status error_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace imprint::cli
