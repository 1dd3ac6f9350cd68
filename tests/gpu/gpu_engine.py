"""The engine as a process, for tests of GPUs."""

import os
import subprocess

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from processes import BIN, MODEL, PIP, Result

ENGINE = BIN / "imprint-engine"


def attempt(*arguments, **environment):
    done = subprocess.run([ENGINE, "--json", *map(str, arguments)], capture_output=True, text=True,
                          timeout=600, env={**os.environ, "IMPRINT_MODEL": str(MODEL), **environment})
    return Result(done)


def run(*arguments):
    result = attempt(*arguments)
    assert result.code == 0, result.out + result.err
    return result


def gpus():
    """What `devices` says of each GPU."""
    return [d for d in run("devices").events("device") if d["name"] != "cpu"]


def draw(folder, *options):
    run("draw", "--prompt", "a red round mascot in the snow", "--seeds", "1-4", "--out", folder,
        "--no-safety-check", "--no-sheet", *options)
    return [np.asarray(Image.open(p), dtype=float) for p in sorted(folder.glob("*.png"))]


def order(folder, *options, steps=20):
    return ("teach", PIP, "--class", "mascot", "--token", "<pip>", "--steps", steps, "--out", folder,
            *options)


class Taught:
    def __init__(self, folder, *options, steps=20):
        result = run(*order(folder, *options, steps=steps))
        self.steps = result.events("step")
        self.result = result.event("result")
        self.losses = self.result["losses"]
        (self.vectors,) = load_file(folder / "learned_embeds.safetensors").values()
