"""What every benchmark shares: pairs of runs, the table, and bench-results/NAME.json.

A figure is the median over rounds in which ours and the peer's alternate, so that a machine whose speed
drifts slows both. A ratio is how many times better ours is, whatever the unit.
"""

import dataclasses
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "models" / "demo"
CONCEPTS = MODEL / "concepts"
NAMES = ("pip", "momo", "kiki", "wheely", "sprout", "nova")
CAPTIONS = pathlib.Path(__file__).with_name("captions.txt")
ENGINE = REPOSITORY / "build" / "release" / "bin" / "imprint-engine"
RESULTS = REPOSITORY / "bench-results"
THREADS = len(os.sched_getaffinity(0))

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@dataclasses.dataclass
class Row:
    metric: str
    unit: str
    ours: float
    peer: float
    goal: float | None  # the least ratio that is wanted
    # Whether less is better (seconds) or more (scores).
    less_is_better: bool = True

    @property
    def ratio(self):
        return self.peer / self.ours if self.less_is_better else self.ours / self.peer

    @property
    def met(self):
        return None if self.goal is None else self.ratio >= self.goal


def captions():
    return CAPTIONS.read_text().splitlines()


@functools.cache
def automatic_precision():
    """What --precision auto computes in on this machine's processor."""
    devices = json.loads(subprocess.run([ENGINE, "--json", "devices"], check=True, capture_output=True,
                                        text=True).stdout.splitlines()[0])
    return devices["precisions"][0]


def engine(*arguments):
    """Runs imprint-engine and gives the events that it printed."""
    done = subprocess.run(
        [ENGINE, "--json", "--threads", str(THREADS), *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, "IMPRINT_MODEL": str(MODEL)},
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0:
        sys.exit(f"imprint-engine {arguments[0]}: {events[-1:]} {done.stderr}")
    return events


def seconds_per_step(steps, *arguments):
    """Of imprint-engine's teach, without the first step, which packs weights for the way back."""
    running = subprocess.Popen(
        [ENGINE, "--json", "teach", *map(str, arguments), "--steps", str(1 + steps),
         "--checkpoint-every", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    times = [time.perf_counter() for line in running.stdout if json.loads(line)["event"] == "step"]
    assert running.wait() == 0 and len(times) == 1 + steps
    return (times[-1] - times[0]) / steps


def result_of(events):
    return next(e for e in events if e["event"] == "result")


def alternate(rounds, *measures):
    """The median of each measure over rounds in which all of them run in turn, after one round that
    only warms up."""
    figures = [[] for _ in measures]
    for i in range(rounds + 1):
        for measure, values in zip(measures, figures):
            value = measure()
            if i > 0:
                values.append(value)
    return [statistics.median(values) for values in figures]


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def quiet_libraries():
    import logging
    import warnings

    import diffusers.utils.logging
    import transformers.utils.logging

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def load_pipeline(model=MODEL, dtype=None):
    """Diffusers' pipeline, fp32 unless told otherwise, without its safety checker."""
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_num_threads(THREADS)
    pipe = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=dtype or torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def machine():
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown processor")
    return f"{model}, {THREADS} threads, no GPU"


def report(name, rows):
    RESULTS.mkdir(exist_ok=True)
    fields = ("metric", "unit", "ours", "peer", "ratio", "goal", "met")
    (RESULTS / f"{name}.json").write_text(
        json.dumps([{f: getattr(row, f) for f in fields} for row in rows], indent=1) + "\n")

    def text(value):
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "NO"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    table = [fields] + [tuple(text(getattr(row, f)) for f in fields) for row in rows]
    widths = [max(len(r[i]) for r in table) for i in range(len(fields))]
    print(f"\n{name}: {machine()}")
    for i, row in enumerate(table):
        print("  ".join(cell.ljust(w) if k < 2 else cell.rjust(w)
                        for k, (cell, w) in enumerate(zip(row, widths))))
        if i == 0:
            print("  ".join("-" * w for w in widths))
    print(f"written to {RESULTS / f'{name}.json'}")
