"""The real Diffusers and transformers beside our engine, on the demo model, in fp32.

Run by ctest, which says in IMPRINT_BIN where the binaries are.
"""

import json
import os
import pathlib
import select
import subprocess

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "models" / "demo"
BIN = pathlib.Path(os.environ["IMPRINT_BIN"])

# ctest runs several tests at once: threads of more than there are processors wait for each other in every kernel.
torch.set_num_threads(1)
torch.set_grad_enabled(False)


@pytest.fixture(scope="session")
def model_folder():
    return MODEL


@pytest.fixture(scope="session")
def pipe():
    """Diffusers' pipeline, without the checker that would black pictures out."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


class ProbeProcess:
    """engine_probe, which answers line by line; another one where it has ended or hangs."""

    def __init__(self):
        self.process = None

    def ask(self, *words, seconds=300):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([BIN / "engine_probe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True)
        self.process.stdin.write(json.dumps([*map(str, words)]) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.process.kill()
            return f"engine_probe said nothing for {seconds} s"
        return self.process.stdout.readline().strip() or f"engine_probe ended with {self.process.wait()}"

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.stdin.close()
            assert self.process.wait(timeout=60) == 0


@pytest.fixture(scope="session")
def probe_process():
    process = ProbeProcess()
    yield process
    process.close()


@pytest.fixture
def probe(tmp_path, probe_process):
    """probe(part, tensors, **request) -> the engine's tensors."""

    def run(part, tensors=None, model=MODEL, **request):
        given, wanted, asked = (tmp_path / name for name in ("in", "out", "request"))
        save_file({k: v.contiguous() for k, v in (tensors or {}).items()}, given)
        asked.write_text(json.dumps(request))
        answer = probe_process.ask(part, model, asked, given, wanted)
        assert answer == "ok", answer
        return load_file(wanted)

    return run


@pytest.fixture
def engine(tmp_path):
    """engine("draw", ...) runs imprint-engine and gives its standard output."""

    def run(*arguments):
        done = subprocess.run(
            [BIN / "imprint-engine", *map(str, arguments)],
            capture_output=True, text=True, timeout=600, cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def engine_errors(tmp_path):
    """engine_errors("draw", ..., code=0) gives what imprint-engine says on standard error."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [BIN / "imprint-engine", *map(str, arguments)],
            capture_output=True, text=True, timeout=600, cwd=tmp_path,
        )
        assert done.returncode == code, done.stderr
        return done.stderr

    return run


def relative_error(ours, theirs):
    """The largest difference as a fraction of the largest reference value."""
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def concept_pictures(name, size=64):
    from PIL import Image

    files = sorted((MODEL / "concepts" / name / "images").glob("*.png"))
    return torch.from_numpy(
        np.stack([np.array(Image.open(f).convert("RGB").resize((size, size), Image.BICUBIC))
                  for f in files])
    )
