"""What tests of processes share: where things are, waiting, and what a command said."""

import json
import os
import pathlib
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
MODEL = REPOSITORY / "models" / "demo"
PIP = MODEL / "concepts" / "pip" / "images"
BIN = pathlib.Path(os.environ["IMPRINT_BIN"])


def wait_for(what, condition, seconds=60):
    """The first true value of `condition`, which is asked until then."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def rss(pid, which="VmRSS"):
    """Bytes that a process has in memory; of VmHWM, the most so far."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024


def children(pid):
    """The processes that a process has started, whichever of its threads did."""
    return sorted(int(child) for tasks in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
                  for child in tasks.read_text().split())


class Result:
    """Of a command that has ended."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def events(self, name=None):
        """What --json printed, or the events of one name."""
        events = [json.loads(line) for line in self.out.splitlines()]
        return [e for e in events if name in (None, e["event"])]

    def event(self, name):
        """The one event of a name."""
        (found,) = self.events(name)
        return found
