// Starts a program as a child.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint {

struct ChildCommand {
  // The program's path and its arguments.
  std::vector<std::string> command;
  // Both outputs are appended to this file, and the child has no input; empty leaves it the
  // parent's.
  std::filesystem::path log;
  // An open descriptor for its outputs instead of `log`; -1 is none.
  int output = -1;
  // Whether the child is killed when its parent ends, however that ends. The kernel takes the
  // parent to be the thread that started the child: call from one that lives as long as the child
  // should.
  bool dies_with_parent = true;
  // Whether the child gets a session of its own, which keeps Ctrl-C away from it: whoever started
  // it decides when it ends.
  bool own_session = true;
};

// Starts the child with no signal blocked. NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE naming the
// program or the log.
absl::StatusOr<pid_t> StartChild(const ChildCommand& child);

// Returns "exited with code 2" or "was killed by signal 9", from waitpid's status.
std::string DescribeEnding(int wait_status);

}  // namespace imprint
