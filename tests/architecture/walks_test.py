"""walks.py sees what it is there to see."""

import pathlib
import tempfile
import unittest

import walks

SOURCES = """\
// A brace in a comment: }
class JobStore {
 public:
  int Create(int);
  // Formerly Fetch(int).
  void Cancel() { Notify("}"); Stop(1); }
  class Upload {
    int Append(int);
  };

 private:
  char brace_ = '{';
};

class ABSL_LOCKABLE RunStore : public Store {
 public:
  absl::Status Lease(int) const;
  int Destroy(int);
  int Stop(int);
};

int RunStore::Lease() {
  return Audit(JobStore::Create(1));
}

struct NewJob {};
class Gone;

absl::StatusOr<Spec> ParseSpec(int given);
Decisions Decide(const Snapshot& now,
                 const Policy& policy) {
  Admit(now);
  return policy.Weigh(now);
}
void RunStore::Finish() {}
"""
PROTOS = """\
service JobService {
  rpc GetJob(A) returns (B);
}
service NodeService {
  rpc Watch(A) returns (B);
}
message Failure {
}
"""


class WalksTest(unittest.TestCase):
    def problems(self, text, sources=SOURCES):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "base").mkdir()
            (root / "base" / "sha256.cc").touch()
            return walks.problems_in(text, root, sources, PROTOS)

    def is_there(self, span):
        self.assertEqual(self.problems(f"`{span}`"), [], span)

    def is_gone(self, span):
        self.assertEqual(self.problems(f"`{span}`"), [f"ARCHITECTURE.md: there is no {span}"])

    def test_what_is_there_is_fine(self):
        for span in ("JobStore::Create", "RunStore::Lease", "JobStore::Upload", "JobStore", "NewJob",
                     "ParseSpec", "Decide", "JobService.GetJob", "GetJob", "Failure", "sha256.cc",
                     "base/sha256", "base/", "FINALIZING", "absl::Status", "max_attempts"):
            self.is_there(span)

    def test_what_is_gone_is_named(self):
        for span in ("JobStore::Hire", "JobService.EatJob", "base/md5.cc", "base/{sha256,md5}", "md5.cc"):
            self.is_gone(span)

    def test_a_renamed_member_is_gone_though_another_class_has_the_name(self):
        self.is_there("RunStore::Destroy")
        self.is_gone("JobStore::Destroy")
        renamed = SOURCES.replace("int Create(int)", "int Make(int)")
        self.assertEqual(len(self.problems("`JobStore::Create`", renamed)), 1)

    def test_a_member_must_be_declared_and_not_only_called_or_mentioned(self):
        for span in ("JobStore::Fetch", "JobStore::Notify", "JobStore::Stop", "JobStore::Append"):
            self.is_gone(span)

    def test_a_free_function_must_be_declared_and_not_only_called(self):
        for span in ("Audit", "Admit", "Weigh", "Gone", "Finish"):
            self.is_gone(span)
        renamed = SOURCES.replace("Decide(", "Choose(")
        self.assertEqual(len(self.problems("`Decide`", renamed)), 1)

    def test_an_rpc_must_be_of_its_own_service(self):
        self.is_there("NodeService.Watch")
        self.is_gone("JobService.Watch")


if __name__ == "__main__":
    unittest.main()
