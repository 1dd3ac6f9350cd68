"""The engine on a GPU, beside itself on the processor. Without a GPU it skips, with the reason."""

import json
import os
import subprocess

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from processes import BIN, MODEL, PIP, Result

ENGINE = BIN / "imprint-engine"


def run(*arguments):
    done = subprocess.run([ENGINE, "--json", *map(str, arguments)], capture_output=True, text=True,
                          timeout=600, env={**os.environ, "IMPRINT_MODEL": str(MODEL)})
    result = Result(done)
    assert result.code == 0, result.out + result.err
    return result


@pytest.fixture(scope="module", autouse=True)
def gpu():
    """What the first GPU is."""
    devices = [d for d in run("devices").events("device") if d["name"] != "cpu"]
    if not devices:
        pytest.skip("this machine has no GPU")
    assert devices[0]["usable"], devices[0]["reason"]
    return devices[0]


def draw(folder, *options):
    run("draw", "--prompt", "a red round mascot in the snow", "--seeds", "1-4", "--out", folder,
        "--no-safety-check", "--no-sheet", *options)
    return [np.asarray(Image.open(p), dtype=float) for p in sorted(folder.glob("*.png"))]


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


def teach(folder, *options):
    steps = run("teach", PIP, "--class", "mascot", "--token", "<pip>", "--steps", 20, "--out", folder,
                *options).events("step")
    (vectors,) = load_file(folder / "learned_embeds.safetensors").values()
    return [s["loss"] for s in steps], vectors


def test_teaching_follows_the_processor(tmp_path):
    losses, vectors = teach(tmp_path / "cuda", "--device", "cuda", "--precision", "fp32")
    wanted_losses, wanted = teach(tmp_path / "cpu", "--device", "cpu", "--precision", "fp32")
    assert np.allclose(losses, wanted_losses, rtol=1e-3)
    assert np.abs(vectors - wanted).max() < 1e-2 * np.abs(wanted).max()


def test_teaching_is_the_same_again_and_learns_in_every_precision(gpu, tmp_path):
    for name in gpu["precisions"]:
        options = ("--device", "cuda", "--precision", name)
        losses, vectors = teach(tmp_path / f"{name}-1", *options)
        _, again = teach(tmp_path / f"{name}-2", *options)
        assert np.isfinite(losses).all() and np.array_equal(vectors, again), name


def test_ranks_on_gpus_compute_what_one_does(gpu, tmp_path):
    """Over NCCL, one GPU each."""
    gpus = sum(d["name"] != "cpu" for d in run("devices").events("device"))
    _, alone = teach(tmp_path / "1", "--device", "cuda", "--precision", "fp32")
    for ranks in range(2, min(gpus, 4) + 1):
        _, vectors = teach(tmp_path / f"{ranks}", "--device", "cuda", "--precision", "fp32", "--ranks",
                           ranks)
        assert np.abs(vectors - alone).max() < 1e-4 * np.abs(alone).max()
