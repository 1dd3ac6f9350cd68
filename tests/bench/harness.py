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
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "models" / "demo"
CONCEPTS = MODEL / "concepts"
NAMES = ("pip", "momo", "kiki", "wheely", "sprout", "nova")
CAPTIONS = pathlib.Path(__file__).with_name("captions.txt")
ENGINE = pathlib.Path(os.environ.get("IMPRINT_BIN", REPOSITORY / "build" / "release" / "bin")) / "imprint-engine"
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


def timed_events(*arguments, timeout=None):
    """Runs imprint-engine and gives what it printed: [(when, event)], in seconds. RuntimeError with its own words if
    it fails, or is stopped because it has not ended within `timeout` seconds."""
    with tempfile.TemporaryFile("w+") as errors:
        running = subprocess.Popen(
            [ENGINE, "--json", *map(str, arguments)], stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**os.environ, "IMPRINT_MODEL": str(MODEL)})
        stopping = threading.Timer(timeout or threading.TIMEOUT_MAX, running.kill)
        stopping.start()
        events = [(time.perf_counter(), json.loads(line)) for line in running.stdout]
        code = running.wait()
        late = not stopping.is_alive()
        stopping.cancel()
        if code != 0:
            errors.seek(0)
            said = next((event["message"] for _, event in events if event["event"] == "error"), errors.read().strip())
            raise RuntimeError(f"imprint-engine: {f'nothing within {timeout:.0f} s' if late else said or code}")
    return events


def engine(*arguments):
    """Runs imprint-engine with all processors and gives the events that it printed."""
    return [event for _, event in timed_events("--threads", THREADS, *arguments)]


def seconds_per_step(steps, *arguments):
    """Of imprint-engine's teach, without the first step, which packs weights for the way back."""
    return step_rate(timed_events("teach", *arguments, "--steps", 1 + steps, "--checkpoint-every", 0))


def step_rate(events):
    """Seconds a step between the first and the last that were told; a GPU's are told every 10."""
    steps = [(when, event["step"]) for when, event in events if event["event"] == "step"]
    (begun, first), (ended, last) = steps[0], steps[-1]
    return (ended - begun) / (last - first)


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


def load_ddim_pipeline(model, dtype, channels_last=False):
    """The same, with DDIM as ours draws with it."""
    import torch
    from diffusers import DDIMScheduler

    pipe = load_pipeline(model, dtype)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    if channels_last:
        for network in (pipe.unet, pipe.vae):
            network.to(memory_format=torch.channels_last)
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

    print(f"\n{name}: {machine()}")
    print_table(fields, [[getattr(row, f) for f in fields] for row in rows])
    print(f"written to {RESULTS / f'{name}.json'}")


def print_table(fields, rows):
    """`rows` of values under `fields`, the first two of each to the left."""
    def text(value):
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "NO"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    table = [fields] + [[text(value) for value in row] for row in rows]
    widths = [max(len(r[i]) for r in table) for i in range(len(fields))]
    for i, row in enumerate(table):
        print("  ".join(cell.ljust(w) if k < 2 else cell.rjust(w)
                        for k, (cell, w) in enumerate(zip(row, widths))))
        if i == 0:
            print("  ".join("-" * w for w in widths))
