"""Ranks over NCCL, one GPU each. Without a GPU it skips, with the reason."""

import signal
import subprocess
import time

import numpy as np
import pytest

from gpu_engine import ENGINE, Taught, gpus, order
from processes import MODEL

GPU = ("--device", "cuda", "--precision", "fp32")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return Taught(tmp_path_factory.mktemp("alone") / "out", *GPU, "--batch", 4)


@pytest.fixture(scope="module", autouse=True)
def several():
    if len(gpus()) < 2:
        pytest.skip("this machine has one GPU")


def test_they_learn_what_one_does(alone, tmp_path):
    for ranks in range(2, min(len(gpus()), 4) + 1):
        together = Taught(tmp_path / f"{ranks}", *GPU, "--batch", 4, "--ranks", ranks)
        assert np.abs(together.vectors - alone.vectors).max() < 1e-5 * np.abs(alone.vectors).max()
        assert together.result["gang"]["ranks"] == ranks


def test_a_rank_that_is_killed_ends_all_soon(tmp_path):
    out = tmp_path / "out"
    arguments = [ENGINE, *map(str, order(out, *GPU, "--ranks", 2, steps=100_000)), "--model", MODEL]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as teaching:
        while not (out / "checkpoint.safetensors").exists():
            assert teaching.poll() is None, teaching.stderr.read()
            time.sleep(0.1)
        children = subprocess.run(["ps", "--ppid", str(teaching.pid), "-o", "pid="],
                                  capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["kill", f"-{signal.SIGKILL}", children[0]], check=True)
        killed = time.monotonic()
        _, said = teaching.communicate(timeout=60)
    assert time.monotonic() - killed < 15
    assert "rank 1 was killed by signal 9" in said
