#include "base/child_process.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

absl::Status ErrnoError(const std::string& what, int error) {
  const std::string message = absl::StrCat(what, ": ", std::generic_category().message(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EACCES) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

// In the child, between fork and exec: only what is safe there. Tells `report` an errno and ends if
// the program cannot be run. An `output` of -1 leaves it the parent's.
[[noreturn]] void BecomeProgram(char* const* argv, const ChildCommand& child, int output,
                                pid_t parent, int report) {
  if (child.own_session) setsid();
  if (child.dies_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it ended before that
  }
  if (output >= 0) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const auto written = write(report, &error, sizeof(error));
  _exit(127);
}

}  // namespace

absl::StatusOr<pid_t> StartChild(const ChildCommand& child) {
  std::vector<char*> argv;
  for (const std::string& argument : child.command) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  int log = -1;
  if (!child.log.empty()) {
    log = open(child.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) return ErrnoError(child.log.string(), errno);
  }
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    if (log >= 0) close(log);
    return ErrnoError("pipe", error);
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    BecomeProgram(argv.data(), child, log >= 0 ? log : child.output, parent, report[1]);
  }
  const int fork_error = errno;
  if (log >= 0) close(log);
  close(report[1]);
  int error = 0;
  // Nothing comes once the program runs: exec closes the pipe.
  ssize_t got = -1;
  do got = read(report[0], &error, sizeof(error));
  while (got < 0 && errno == EINTR);
  close(report[0]);
  if (pid < 0) return ErrnoError("fork", fork_error);
  if (got == sizeof(error)) {
    waitpid(pid, nullptr, 0);
    return ErrnoError(child.command[0], error);
  }
  return pid;
}

std::string DescribeEnding(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return absl::StrCat("was killed by signal ", WTERMSIG(wait_status));
  }
  return absl::StrCat("exited with code ", WEXITSTATUS(wait_status));
}

}  // namespace imprint
