"""A machine whose driver lists a GPU that LibTorch cannot use: the driver is engine/devices' fake one."""

import os
import shutil
import subprocess

import pytest

from processes import BIN

REASON = "device: got cuda:0; expected one that LibTorch can use: "


@pytest.fixture
def driver(tmp_path):
    """The environment of processes that find it."""
    shutil.copy(BIN.parent / "engine" / "devices" / "libfake_cuda_driver.so", tmp_path / "libcuda.so.1")
    return {"LD_LIBRARY_PATH": str(tmp_path), "FAKE_GPUS": "Old GPU|17179869184|7|5"}


def test_it_is_listed_with_the_reason(engine, driver):
    gpu = engine("--json", "devices", **driver).events("device")[1]
    assert gpu["name"] == "cuda:0" and gpu["model"] == "Old GPU"
    assert gpu["precisions"] == ["fp16", "fp32"]
    assert not gpu["usable"] and REASON in gpu["reason"]


def test_auto_computes_on_the_processor_and_says_so(engine, driver, tmp_path):
    drawing = ("draw", "--prompt", "a mascot", "--steps", 1, "--no-safety-check", "--out", tmp_path / "out")
    result = engine(*drawing, **driver)
    assert result.code == 0 and f"warning: computing on the processor; {REASON}" in result.err
    refused = engine(*drawing, "--overwrite", "--device", "cuda", **driver)
    assert refused.code == 1 and REASON in refused.err


def test_ranks_on_it_are_refused_before_anything_is_read(engine, driver, tmp_path):
    result = engine("teach", tmp_path, "--class", "x", "--token", "<x>", "--ranks", 2, "--device", "cuda",
                    "--out", tmp_path / "out", **driver)
    assert result.code == 1 and "cuda:0" in result.err


@pytest.mark.parametrize("server", ["imprint-trainer", "imprint-sampler"])
def test_a_node_that_was_given_it_does_not_start(driver, server):
    done = subprocess.run([BIN / server, "--device", "cuda", "--listen", "127.0.0.1:0"], timeout=60,
                          capture_output=True, text=True, env={**os.environ, **driver})
    assert done.returncode == 1 and REASON in done.stderr


def test_a_rank_says_which_device_it_would_take(driver):
    done = subprocess.run([BIN / "imprint-rank", "--device", "auto", "--check-device"], timeout=60,
                          capture_output=True, text=True, env={**os.environ, **driver})
    name, warning = done.stdout.splitlines()
    assert done.returncode == 0 and name == "cpu" and REASON in warning
