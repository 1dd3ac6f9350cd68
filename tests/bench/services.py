"""What the benchmarks of the services share: the cluster of tests/services, CPU time and disk speed."""

import os
import pathlib
import sys
import time

from harness import REPOSITORY, THREADS

os.environ.setdefault("IMPRINT_BIN", str(REPOSITORY / "build" / "release" / "bin"))
os.environ.setdefault("IMPRINT_THREADS", str(THREADS))
for folder in ("tests", "tests/services"):
    sys.path.insert(0, str(REPOSITORY / folder))

from cluster import Cluster, api  # noqa: E402,F401
from processes import children, rss  # noqa: E402


def cpu_seconds(process):
    """User and system time of a server so far."""
    fields = pathlib.Path(f"/proc/{process.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_memory(process):
    """The most bytes that any of a server's children has taken so far."""
    return max(rss(child, "VmHWM") for child in children(process.process.pid))


def fsyncs_per_second(folder, seconds=1.0):
    """How often this disk makes 4 KiB durable, one after the other."""
    path = pathlib.Path(folder) / "fsync-probe"
    with path.open("wb", buffering=0) as file:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            count += 1
    path.unlink()
    return count / seconds
