#include "cli/imprint_engine/picture_writer.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/encode.h"

namespace imprint::cli {

PictureWriter::PictureWriter(std::filesystem::path folder, PictureFormat format)
    : folder_(std::move(folder)), format_(format), thread_([this] { Work(); }) {}

PictureWriter::~PictureWriter() {
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  thread_.join();
}

void PictureWriter::Add(size_t index, const std::string& name, RgbImage image) {
  Push({.index = index, .image = std::move(image), .file = absl::StrCat(name, Extension(format_))});
}

void PictureWriter::PassOver(size_t index) { Push({.index = index}); }

void PictureWriter::Push(WrittenPicture picture) {
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &PictureWriter::HasRoom));
  waiting_.push_back(std::move(picture));
}

std::vector<WrittenPicture> PictureWriter::TakeWritten() {
  const absl::MutexLock lock(&mutex_);
  return std::exchange(written_, {});
}

absl::Status PictureWriter::status() const {
  const absl::MutexLock lock(&mutex_);
  return status_;
}

absl::Status PictureWriter::Finish() {
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &PictureWriter::IsIdle));
  return status_;
}

void PictureWriter::Work() {
  while (true) {
    WrittenPicture* picture = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &PictureWriter::HasWork));
      if (closed_) return;
      picture = &waiting_.front();
    }
    const absl::Status written = Write(*picture);
    const absl::MutexLock lock(&mutex_);
    if (!written.ok()) {
      status_ = written;
      continue;
    }
    written_.push_back(std::move(*picture));
    waiting_.pop_front();
  }
}

absl::Status PictureWriter::Write(WrittenPicture& picture) const {
  if (picture.file.empty()) return absl::OkStatus();
  try {
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(picture.image, format_));
    picture.sha256 = Sha256Hex(encoded);
    return WriteFileAtomically(folder_ / picture.file, encoded);
  } catch (const std::exception& error) {
    // Memory that ran out.
    return absl::ResourceExhaustedError(absl::StrCat(picture.file, ": ", error.what()));
  }
}

}  // namespace imprint::cli
