// How long a stream is kept for a caller who neither sends nor takes anything: gRPC's own reads and
// writes wait for ever, and each holds a thread.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>

namespace imprint {

// Call once in main; 30 seconds before that.
void SetStreamPatience(absl::Duration patience);

// Ends the call with DEADLINE_EXCEEDED and that text, unless it is destroyed within the patience:
// what the caller's read or write waits for then fails. Thread-safe.
class Patience {
 public:
  Patience(grpc::ServerContextBase& context, const std::string& text);
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  struct Call;

  std::shared_ptr<Call> call_;
  grpc::Alarm alarm_;
};

// The next message of the caller; false at the end, or where the call has ended.
template <typename Message>
bool ReadPatiently(grpc::ServerContextBase& context, grpc::ServerReader<Message>& reader,
                   Message& message) {
  const Patience patience(context, "the caller sent nothing for too long; begin again");
  return reader.Read(&message);
}

// False if the caller has gone, or takes nothing.
template <typename Message>
bool WritePatiently(grpc::ServerContextBase& context, grpc::ServerWriter<Message>& writer,
                    const Message& message) {
  const Patience patience(context, "the caller took nothing for too long; begin again");
  return writer.Write(message);
}

}  // namespace imprint
