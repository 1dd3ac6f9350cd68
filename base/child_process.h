// Starting a program as a child.
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
  // An open descriptor instead of `log`; -1 is none.
  int output = -1;
  // Whether the child is killed when its parent ends, however that ends. The kernel takes the
  // parent to be the thread that started it: call from one that lives as long as the child shall.
  bool dies_with_parent = true;
  // A session of its own keeps Ctrl-C away from it: whoever started it says when it ends.
  bool own_session = true;
};

// The child begins with no signal blocked. NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE naming the
// program or the log.
absl::StatusOr<pid_t> StartChild(const ChildCommand& child);

// "exited with code 2", "was killed by signal 9", from waitpid's status.
std::string DescribeEnding(int wait_status);

}  // namespace imprint
