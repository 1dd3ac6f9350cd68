"""The engine on a GPU, beside itself on the processor. Without a GPU it skips, with the reason."""

import json

import numpy as np

from gpu_engine import Taught, draw


def noise_ratio(a, b):
    """PSNR in dB."""
    return 10 * np.log10(255**2 / max(np.mean((np.stack(a) - np.stack(b)) ** 2), 1e-9))


def test_pictures_are_those_of_the_processor(tmp_path):
    ours = draw(tmp_path / "cuda", "--device", "cuda", "--precision", "fp32")
    theirs = draw(tmp_path / "cpu", "--device", "cpu", "--precision", "fp32")
    assert noise_ratio(ours, theirs) > 45
    manifest = json.loads((tmp_path / "cuda" / "manifest.json").read_text())
    assert manifest["device"] == "cuda:0"


def test_every_precision_of_the_gpu_is_near_fp32(gpu, tmp_path):
    full = draw(tmp_path / "full", "--device", "cpu", "--precision", "fp32")
    for name in gpu["precisions"]:
        drawn = draw(tmp_path / name, "--device", "cuda", "--precision", name)
        assert noise_ratio(drawn, full) > 25, name


def test_a_picture_comes_out_the_same_again(gpu, tmp_path):
    for name in gpu["precisions"]:
        options = ("--device", "cuda", "--precision", name)
        first = draw(tmp_path / f"{name}-1", *options)
        again = draw(tmp_path / f"{name}-2", *options)
        assert np.array_equal(first, again), name


def test_teaching_follows_the_processor(tmp_path):
    ours = Taught(tmp_path / "cuda", "--device", "cuda", "--precision", "fp32")
    wanted = Taught(tmp_path / "cpu", "--device", "cpu", "--precision", "fp32")
    assert np.allclose(ours.losses, wanted.losses, rtol=1e-3)
    assert np.abs(ours.vectors - wanted.vectors).max() < 1e-2 * np.abs(wanted.vectors).max()


def test_teaching_is_the_same_again_and_learns_in_every_precision(gpu, tmp_path):
    for name in gpu["precisions"]:
        options = ("--device", "cuda", "--precision", name)
        first = Taught(tmp_path / f"{name}-1", *options)
        again = Taught(tmp_path / f"{name}-2", *options)
        assert np.isfinite(first.losses).all() and np.array_equal(first.vectors, again.vectors), name
