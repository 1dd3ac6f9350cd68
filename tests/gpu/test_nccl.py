"""The plug-in's NCCL on one GPU, as a gang of one: what several ranks need besides a GPU each."""

import json
import subprocess

from processes import BIN


def test_a_gang_of_one_sums_to_what_it_sent():
    done = subprocess.run([BIN / "collective_load", "1", "768", "200", "cuda:0"], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ranks"] == 1
