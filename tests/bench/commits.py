"""commits: transactions of a server's database per second, committed together and each by itself.

Each is as large as the commit of an item: a row of 1 KB and a counter, durable before it returns (SQLite, WAL,
synchronous=FULL). `threads` write at once, as uploads from several samplers do. The peer is the same program with a
lock around each transaction, which is how it was before they were committed together.
"""

import json
import subprocess
import tempfile

from harness import ENGINE, Row, alternate, report

LOAD = ENGINE.with_name("commit_load")
SECONDS = 2


def rate(threads, how):
    def measure():
        with tempfile.TemporaryDirectory(dir=ENGINE.parents[1]) as folder:
            done = json.loads(subprocess.run([LOAD, folder, str(threads), str(SECONDS), how], check=True,
                                             capture_output=True, text=True).stdout)
            assert done["failed"] == 0
            return done["per_second"]
    return measure


if __name__ == "__main__":
    rows = []
    for threads, goal in [(1, None), (2, None), (8, None), (32, 3.0)]:
        together, alone = alternate(3, rate(threads, "together"), rate(threads, "alone"))
        rows.append(Row(f"transactions per second, {threads} at once", "1/s", together, alone, goal,
                        less_is_better=False))
    report("commits", rows)
