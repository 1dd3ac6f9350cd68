"""engine: a model of Stable Diffusion 1.5's size (random weights), 256x256, fp32, against Diffusers.

Drawing: seconds of a picture without a safety checker, DDIM, 3 steps, guidance 5. Ours includes
writing the PNG. Teaching: seconds of one forward and backward pass to the embedding, batch 1, against
lean PyTorch on Diffusers' modules. Memory: the most that a process held while it drew one picture.
Loading: until `imprint-engine info` has described the single file, first and second time.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile

import full_size
from harness import (CAPTIONS, CONCEPTS, ENGINE, THREADS, Row, alternate, captions, engine, load_pipeline,
                     quiet_libraries, report, result_of, seconds, seconds_per_step)

quiet_libraries()
import torch
from trainers import CLASS_WORD, LeanPyTorch

PROMPT = "a red round mascot in the snow"
STEPS = 3
TRAINING_STEPS = 3
SIZE = 256
PICTURES = CONCEPTS / "pip" / "images"
PEER_MEMORY = "--peer-memory"  # this file again, as the process whose memory is measured


def draw(batch):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            return result_of(engine(
                "draw", "--model", full_size.FOLDER, "--prompt", PROMPT, "--seeds", f"1-{batch}",
                "--batch", batch, "--solver", "ddim", "--steps", STEPS, "--guidance", 5, "--size",
                SIZE, "--no-sheet", "--no-safety-check", "--out", folder))["seconds"] / batch
    return measure


def teach():
    with tempfile.TemporaryDirectory() as folder:
        return seconds_per_step(
            TRAINING_STEPS, PICTURES, "--threads", THREADS, "--model", full_size.FOLDER, "--class",
            CLASS_WORD, "--token", "<pip>", "--templates", CAPTIONS, "--batch", 1, "--size", SIZE, "--out",
            folder)


def peer_pipeline():
    from diffusers import DDIMScheduler

    pipe = load_pipeline(full_size.FOLDER)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    return pipe


def peer_draw(pipe, batch):
    def work():
        pipe([PROMPT] * batch, num_inference_steps=STEPS, guidance_scale=5.0, height=SIZE, width=SIZE,
             generator=[torch.Generator().manual_seed(i) for i in range(batch)])
    return lambda: seconds(work) / batch


def most_memory(command):
    """GB that a process held at most."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6


def memory():
    """The smallest first: what is measured is the largest child so far. In bf16, which any processor
    computes somehow, a step takes its time, and the memory is what it is."""
    ours = []
    for precision in ("bf16", "fp32"):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(most_memory(
                [ENGINE, "draw", "--model", full_size.FOLDER, "--prompt", PROMPT, "--steps", "1",
                 "--size", str(SIZE), "--precision", precision, "--no-sheet", "--no-safety-check",
                 "--threads", str(THREADS), "--out", folder]))
    return *ours, most_memory([sys.executable, __file__, PEER_MEMORY])


def matrix_rate(side=2048):
    """GFLOP/s of one large fp32 matrix product: what this machine can do at most."""
    a, b = torch.randn(side, side), torch.randn(side, side)
    times = [seconds(lambda: a @ b) for _ in range(10)]
    return 2 * side**3 / min(times) / 1e9


def work_of_a_picture(pipe):
    """GFLOP, counted by PyTorch."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        peer_draw(pipe, 1)()
    return counter.get_total_flops() / 1e9


def load_seconds(cache):
    return seconds(lambda: subprocess.run(
        [ENGINE, "--json", "info", full_size.SINGLE_FILE], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "XDG_CACHE_HOME": cache}))


if __name__ == "__main__":
    if PEER_MEMORY in sys.argv:
        peer_pipeline()(PROMPT, num_inference_steps=1, height=SIZE, width=SIZE)
        sys.exit()
    full_size.ensure()
    bf16_gb, fp32_gb, peer_gb = memory()
    with tempfile.TemporaryDirectory() as cache:
        first, again = load_seconds(cache), load_seconds(cache)
    pipe = peer_pipeline()
    trainer = LeanPyTorch(PICTURES, captions(), pipe=pipe, size=SIZE, batch=1)

    def peer_teach():
        with torch.enable_grad():
            return seconds(lambda: [trainer.step() for _ in range(TRAINING_STEPS)]) / TRAINING_STEPS

    one, peer_one, four, peer_four, step, peer_step = alternate(
        2, draw(1), peer_draw(pipe, 1), draw(4), peer_draw(pipe, 4), teach, peer_teach)
    report("engine", [
        Row("a picture, one at a time", "s", one, peer_one, 1.0),
        Row("a picture, four at a time", "s", four, peer_four, 1.0),
        Row("forward and backward, batch 1", "s", step, peer_step, 1.0),
        Row("memory, drawing one picture, bf16", "GB", bf16_gb, peer_gb, 1 / 0.6),
        Row("memory, drawing one picture, fp32", "GB", fp32_gb, peer_gb, None),
    ])
    work, rate = work_of_a_picture(pipe), matrix_rate()
    facts = {"seconds to load the single file": first, "again": again,
             "GFLOP a picture": work, "GFLOP/s of a matrix product": rate,
             "share of that rate, ours": work / one / rate,
             "share of that rate, peer": work / peer_one / rate}
    print(json.dumps({name: round(value, 3) for name, value in facts.items()}, indent=1))
