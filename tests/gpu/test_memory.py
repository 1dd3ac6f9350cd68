"""A GPU's memory: its limit, what is said to fit, and a device that is lost. Without a GPU it skips,
with the reason."""

import re

from processes import BIN
from gpu_engine import Taught, attempt, order

GPU = ("--device", "cuda", "--precision", "fp32")
LARGE = ("--size", 256)


def test_what_is_said_to_fit_fits(tmp_path):
    whole = Taught(tmp_path / "whole", *GPU, *LARGE, "--batch", 64, steps=2)
    peak = whole.result["device_memory_bytes"]
    limit = ("--device-memory-mb", int(peak * 0.6) >> 20)
    refused = attempt(*order(tmp_path / "refused", *GPU, *LARGE, "--batch", 64, *limit))
    assert refused.code != 0
    found = re.search(r"batch: got 64; batch (\d+) with accumulation (\d+) is the same training, and fits",
                      refused.out + refused.err)
    assert found, refused.out + refused.err
    smaller = ("--batch", found[1], "--accumulation", found[2])
    fits = Taught(tmp_path / "fits", *GPU, *LARGE, *smaller, *limit, steps=2)
    assert fits.result["device_memory_bytes"] <= int(peak * 0.6)


def test_gradient_checkpointing_takes_a_fraction_of_the_memory(tmp_path):
    plain = Taught(tmp_path / "plain", *GPU, *LARGE, "--batch", 32, steps=2)
    less = Taught(tmp_path / "less", *GPU, *LARGE, "--batch", 32, "--gradient-checkpointing", steps=2)
    assert less.result["device_memory_bytes"] < 0.6 * plain.result["device_memory_bytes"]


def test_a_device_that_is_lost_is_named_and_the_training_goes_on_elsewhere(tmp_path):
    out = tmp_path / "out"
    lost = attempt(*order(out, *GPU, "--checkpoint-every", 5),
                   LOSE_DEVICE_ONCE=str(out / "checkpoint.safetensors"),
                   LD_PRELOAD=str(BIN / "liblosing_device.so"))
    assert lost.code != 0
    assert "the device failed: CUDA error" in lost.out + lost.err
    assert (out / "checkpoint.safetensors").exists()
    resumed = attempt("teach", "--resume", out)
    assert resumed.code == 0, resumed.err
    assert resumed.event("result")["steps"] == 20
