"""engine: a model of Stable Diffusion 1.5's size (random weights), 256x256, against Diffusers.

Drawing: seconds of a picture without a safety checker, DDIM, 3 steps, guidance 5. Ours includes
writing the PNG. Teaching: seconds of one forward and backward pass to the embedding, batch 1, against
lean PyTorch on Diffusers' modules. Memory: the most that a process held while it drew one picture.
Loading: until `imprint-engine info` has described the single file, first and second time.

Diffusers' default is fp32, contiguous; its best is bf16 with channels-last. `auto` is what ours
chooses: bf16 where the processor multiplies it; elsewhere the rows of `auto` are left out.
"""

import json
import os
import subprocess
import sys
import tempfile

import full_size
from harness import (CAPTIONS, CONCEPTS, ENGINE, THREADS, Row, alternate, automatic_precision, captions, engine,
                     load_ddim_pipeline, quiet_libraries, report, result_of, seconds, seconds_per_step)

quiet_libraries()
import torch
from trainers import CLASS_WORD, LeanPyTorch

PROMPT = "a red round mascot in the snow"
STEPS = 3
TRAINING_STEPS = 3
SIZE = 256
PICTURES = CONCEPTS / "pip" / "images"
PEER_MEMORY = "--peer-memory"  # this file again, as the process whose memory is measured


def draw(batch, precision):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            return result_of(engine(
                "draw", "--model", full_size.FOLDER, "--prompt", PROMPT, "--seeds", f"1-{batch}",
                "--batch", batch, "--solver", "ddim", "--steps", STEPS, "--guidance", 5, "--size",
                SIZE, "--precision", precision, "--no-sheet", "--no-safety-check", "--out",
                folder))["seconds"] / batch
    return measure


def teach(precision):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            return seconds_per_step(
                TRAINING_STEPS, PICTURES, "--threads", THREADS, "--model", full_size.FOLDER, "--class",
                CLASS_WORD, "--token", "<pip>", "--templates", CAPTIONS, "--batch", 1, "--size", SIZE,
                "--precision", precision, "--out", folder)
    return measure


def peer_pipeline(best=False):
    return load_ddim_pipeline(full_size.FOLDER, torch.bfloat16 if best else torch.float32, channels_last=best)


def peer_draw(pipe, batch):
    def work():
        pipe([PROMPT] * batch, num_inference_steps=STEPS, guidance_scale=5.0, height=SIZE, width=SIZE,
             generator=[torch.Generator().manual_seed(i) for i in range(batch)])
    return lambda: seconds(work) / batch


def peer_teach(pipe):
    trainer = LeanPyTorch(PICTURES, captions(), pipe=pipe, size=SIZE, batch=1)

    def measure():
        with torch.enable_grad():
            return seconds(lambda: [trainer.step() for _ in range(TRAINING_STEPS)]) / TRAINING_STEPS
    return measure


def most_memory(command):
    """GB that a process held at most."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    assert status == 0, command
    return usage.ru_maxrss / 1e6


def memory():
    """In bf16, which any processor computes somehow, a step takes its time, and the memory is what it is."""
    ours = []
    for precision in ("bf16", "fp32"):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(most_memory(
                [ENGINE, "draw", "--model", full_size.FOLDER, "--prompt", PROMPT, "--steps", "1",
                 "--size", str(SIZE), "--precision", precision, "--no-sheet", "--no-safety-check",
                 "--threads", str(THREADS), "--out", folder]))
    return *ours, most_memory([sys.executable, __file__, PEER_MEMORY])


def matrix_rate(dtype, side=2048):
    """GFLOP/s of one large matrix product: what this machine can do at most."""
    a, b = torch.randn(side, side, dtype=dtype), torch.randn(side, side, dtype=dtype)
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
    full_size.ensure_single_file()
    auto = automatic_precision()
    bf16_gb, fp32_gb, peer_gb = memory()
    with tempfile.TemporaryDirectory() as cache:
        first, again = load_seconds(cache), load_seconds(cache)
    pipe = peer_pipeline()
    measures = {
        "one": draw(1, "fp32"), "peer one": peer_draw(pipe, 1),
        "four": draw(4, "fp32"), "peer four": peer_draw(pipe, 4),
        "step": teach("fp32"), "peer step": peer_teach(pipe)}
    if auto != "fp32":
        best = peer_pipeline(best=True)
        measures |= {
            "auto one": draw(1, auto), "best one": peer_draw(best, 1),
            "auto four": draw(4, auto), "best four": peer_draw(best, 4),
            "auto step": teach(auto), "best step": peer_teach(best)}
    took = dict(zip(measures, alternate(2, *measures.values())))
    rows = [
        Row("a picture, fp32, against the default", "s", took["one"], took["peer one"], 1.0),
        Row("four at a time, fp32, against the default", "s", took["four"], took["peer four"], 1.0),
        Row("forward and backward, fp32, against the default", "s", took["step"], took["peer step"], 1.0)]
    if auto != "fp32":
        rows += [
            Row(f"a picture, {auto}, against the default", "s", took["auto one"], took["peer one"], 1.9),
            Row(f"a picture, {auto}, against the best", "s", took["auto one"], took["best one"], None),
            Row(f"four at a time, {auto}, against the best", "s", took["auto four"], took["best four"], 1.0),
            Row(f"forward and backward, {auto}, against the default", "s", took["auto step"],
                took["peer step"], 1.8),
            Row(f"forward and backward, {auto}, against the best", "s", took["auto step"],
                took["best step"], 1.0)]
    rows += [Row("memory, drawing one picture, bf16", "GB", bf16_gb, peer_gb, 1 / 0.6),
             Row("memory, drawing one picture, fp32", "GB", fp32_gb, peer_gb, None)]
    report("engine", rows)
    work = work_of_a_picture(pipe)
    facts = {"seconds to load the single file": first, "again": again, "GFLOP a picture": work}
    for name, dtype, ours, peer in (("fp32", torch.float32, "one", "peer one"),
                                    ("bf16", torch.bfloat16, "auto one", "best one")):
        if ours not in took:
            continue
        rate = matrix_rate(dtype)
        facts |= {f"GFLOP/s of a matrix product, {name}": rate,
                  f"share of that rate, ours, {name}": work / took[ours] / rate,
                  f"share of that rate, peer, {name}": work / took[peer] / rate}
    print(json.dumps({name: round(value, 3) for name, value in facts.items()}, indent=1))
