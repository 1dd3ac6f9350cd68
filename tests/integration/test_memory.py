"""A training whose memory is limited: it says what fits, and that fits."""

import json
import re
import resource
import subprocess

import pytest

from processes import BIN, MODEL, PIP

ENGINE = BIN / "imprint-engine"
LIMIT = 550 << 20


def teach(out, *options, limit=resource.RLIM_INFINITY):
    """Of one step: how it ended, and what it said."""
    command = [ENGINE, "--threads", 2, "teach", PIP, "--model", MODEL, "--class", "mascot", "--token", "<pip>", "--steps", 1,
               "--size", 128, "--out", out, *options]
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
    return done.returncode, done.stdout


def losses(out):
    return json.loads((out / "training.json").read_text())["result"]["losses"]


def test_what_is_said_to_fit_fits_and_is_the_same_training(tmp_path):
    status, said = teach(tmp_path / "large", "--batch", 24, limit=LIMIT)
    assert status != 0
    found = re.search(r"out of memory: .*; batch: got 24; batch (\d+) with accumulation (\d+) is the same "
                      r"training, and fits", said)
    assert found, said
    smaller = ("--batch", found[1], "--accumulation", found[2])
    status, said = teach(tmp_path / "small", *smaller, limit=LIMIT)
    assert status == 0, said
    status, said = teach(tmp_path / "unlimited", "--batch", 24)
    assert status == 0, said
    assert losses(tmp_path / "small") == pytest.approx(losses(tmp_path / "unlimited"), rel=1e-5)


def test_a_training_that_cannot_fit_says_so_and_does_not_crash(tmp_path):
    for limit in range(240 << 20, 340 << 20, 45 << 20):
        status, said = teach(tmp_path / "out", "--batch", 24, "--overwrite", limit=limit)
        assert status == 1 and "out of memory" in said, (limit >> 20, status, said)


def test_gradient_checkpointing_takes_less_memory_for_the_same_bits(tmp_path):
    status, said = teach(tmp_path / "less", "--batch", 24, "--gradient-checkpointing", limit=LIMIT)
    assert status == 0, said
    teach(tmp_path / "plain", "--batch", 24)
    assert losses(tmp_path / "less") == losses(tmp_path / "plain")
