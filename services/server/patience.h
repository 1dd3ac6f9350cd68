// A time-out for streams whose caller neither sends nor reads anything: gRPC's own reads and writes
// wait forever, and each holds a thread.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>

namespace imprint {

// Sets the time-out, which is 30 seconds by default. Call it once in main.
void SetStreamPatience(absl::Duration patience);

// Ends the call with DEADLINE_EXCEEDED and the given text unless it is destroyed within the
// time-out; a pending read or write of the call then fails. Thread-safe.
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

// Reads the caller's next message. Returns false at the end of the stream, or if the call has
// ended.
template <typename Message>
bool ReadPatiently(grpc::ServerContextBase& context, grpc::ServerReader<Message>& reader,
                   Message& message) {
  const Patience patience(context, "the caller sent nothing for too long; begin again");
  return reader.Read(&message);
}

// Returns false if the caller has gone or does not read.
template <typename Message>
bool WritePatiently(grpc::ServerContextBase& context, grpc::ServerWriter<Message>& writer,
                    const Message& message) {
  const Patience patience(context, "the caller took nothing for too long; begin again");
  return writer.Write(message);
}

}  // namespace imprint
