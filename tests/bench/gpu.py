"""gpu: pictures and training steps on one GPU, of a model of Stable Diffusion 1.5's size, beside Diffusers.

Seconds, with random weights, 512x512, bf16. Drawing: DDIM, 25 steps, guidance 7.5, without a safety checker;
batches after the first, which warms up. Ours includes PNG and files; what of it is not steps comes from drawing
with fewer. Teaching: a step, with every kernel started by itself and as one CUDA graph.

Diffusers' pipeline is eager, in fp16 as it comes and in bf16 with channels-last; its training is the step of
textual_inversion.py, in bf16 with the text encoder in fp32.

With --tests, tests/gpu comes first, and the exit status says whether it passed. Whatever fails, or has no time left,
is a row with its reason, and the rest goes on. --rehearse tries this script itself on a processor, with the demo
model at a tiny size.
"""

import argparse
import dataclasses
import functools
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import full_size
from harness import (CAPTIONS, CONCEPTS, ENGINE, MODEL, REPOSITORY, RESULTS, THREADS, captions, load_ddim_pipeline,
                     print_table, quiet_libraries, result_of, seconds, step_rate, timed_events)

PROMPT = "a red round mascot in the snow"
PICTURES = CONCEPTS / "pip" / "images"
BATCHES = (1, 4, 16)
TRAINING_BATCHES = (1, 4)
COLUMNS = {"ours": "ours", "graph": "ours, graph", "fp16": "Diffusers, fp16", "bf16": "Diffusers, bf16"}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large everything is."""
    device: str
    model: pathlib.Path
    size: int
    steps: int
    rounds: int  # batches that are timed
    training_steps: int
    precision: str


FULL = Scale("cuda", full_size.FOLDER, 512, 25, 2, 40, "bf16")
TINY = Scale("cpu", MODEL, 64, 2, 1, 3, "fp32")


def picture(batch):
    return f"a picture, batch {batch}"


def beside_steps(batch):
    return f"a picture beside its steps, batch {batch}"


def training_step(batch):
    return f"a training step, batch {batch}"


# Ours.


def draw(scale, batch, steps, timeout, *options):
    """Seconds a picture."""
    with tempfile.TemporaryDirectory() as folder:
        events = timed_events(
            "draw", "--model", scale.model, "--device", scale.device, "--precision", scale.precision,
            "--prompt", PROMPT, "--seeds", f"1-{(1 + scale.rounds) * batch}", "--batch", batch, "--solver",
            "ddim", "--steps", steps, "--guidance", 7.5, "--size", scale.size, "--no-sheet",
            "--no-safety-check", "--out", folder, *options, timeout=timeout)
    drawn = [when for when, event in events if event["event"] == "picture"]
    return (drawn[-1] - drawn[batch - 1]) / (len(drawn) - batch)


def without_steps(scale, batch, whole, timeout):
    """What of the `whole` seconds of a picture is left with no steps, by a line through fewer of them."""
    fewer = max(1, scale.steps // 5)
    return whole - scale.steps * (whole - draw(scale, batch, fewer, timeout)) / (scale.steps - fewer)


def teach(scale, batch, options, timeout):
    """Seconds a step, and the embedding's hash."""
    with tempfile.TemporaryDirectory() as folder:
        events = timed_events(
            "teach", PICTURES, "--class", "mascot", "--token", "<pip>", "--templates", CAPTIONS, "--model",
            scale.model, "--device", scale.device, "--precision", scale.precision, "--size", scale.size,
            "--batch", batch, "--steps", scale.training_steps, "--checkpoint-every", 0, "--out", folder, *options,
            timeout=timeout)
    return step_rate(events), result_of(event for _, event in events)["sha256"]


# Diffusers', in a process of its own that prints one JSON object a figure.


def diffusers_figures(scale, precision):
    quiet_libraries()
    import torch

    dtype = getattr(torch, {"fp16": "float16", "bf16": "bfloat16"}[precision])
    pipe = load_ddim_pipeline(scale.model, dtype, channels_last=precision == "bf16").to(scale.device)

    def wait():
        if scale.device != "cpu":
            torch.cuda.synchronize()

    def timed(work, warm_up, rounds):
        for _ in range(warm_up):
            work()
        wait()
        return seconds(lambda: ([work() for _ in range(rounds)], wait())) / rounds

    def draw_a_batch(batch):
        pipe([PROMPT] * batch, num_inference_steps=scale.steps, guidance_scale=7.5, height=scale.size,
             width=scale.size, generator=[torch.Generator().manual_seed(i) for i in range(batch)])

    def seconds_a_picture(batch):
        return timed(lambda: draw_a_batch(batch), 1, scale.rounds) / batch

    @functools.cache
    def trainer():
        from trainers import DiffusersScript

        pipe.text_encoder.float()
        return DiffusersScript(PICTURES, captions(), pipe=pipe, size=scale.size)

    def seconds_a_step(batch):
        trainer().batch = batch
        return timed(trainer().step, 3, scale.training_steps)

    def tell(metric, work, *arguments):
        try:
            told = {"seconds": work(*arguments)}
        except Exception as error:  # noqa: BLE001: whatever it is, the next figure may come out
            told = {"error": in_a_line(error)}
        print(json.dumps({"metric": metric, **told}), flush=True)

    for batch in BATCHES:
        tell(picture(batch), seconds_a_picture, batch)
    if precision == "bf16":
        for batch in TRAINING_BATCHES:
            tell(training_step(batch), seconds_a_step, batch)


def in_a_line(error):
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + " …"


# The report.


class Report:
    """What has been measured so far; the file is written again with every figure."""

    def __init__(self, folder, scale, facts, time_limit):
        self.file = folder / "gpu.json"
        self.begun = time.monotonic()
        self.time_limit = time_limit
        self.rows = {}
        self.facts = facts | {
            "scale": {**dataclasses.asdict(scale), "model": "demo" if scale is TINY else "Stable Diffusion 1.5's size"}}
        folder.mkdir(parents=True, exist_ok=True)

    def left(self):
        return self.time_limit - (time.monotonic() - self.begun)

    def note(self, metric, column, value=None, error=None):
        row = self.rows.setdefault(metric, {"metric": metric, "unit": "s", "errors": {}})
        if error is None:
            row[column] = value
            print(f"{metric}, {COLUMNS[column]}: {value:.3g} s", flush=True)
        else:
            row["errors"][column] = error
            print(f"{metric}, {COLUMNS[column]}: {error[:100]}", flush=True)
        self.save()

    def measure(self, metric, column, work):
        """Notes what `work`, given the seconds that are left, measures, or why it does not. Returns it, or None."""
        if self.left() < 5:
            self.note(metric, column, error="no time left")
            return None
        try:
            value = work(self.left())
        except Exception as error:  # noqa: BLE001: whatever it is, the rest goes on
            self.note(metric, column, error=in_a_line(error))
            return None
        self.note(metric, column, value)
        return value

    def fact(self, name, value):
        self.facts[name] = value
        self.save()

    def save(self):
        self.facts["seconds"] = round(time.monotonic() - self.begun, 1)
        self.file.write_text(json.dumps({**self.facts, "rows": list(self.rows.values())}, indent=1) + "\n")

    def print(self):
        if "tests" in self.facts:
            print("\ntests/gpu")
            print_table(("test", "outcome", "s", ""),
                        [(t["name"], t["outcome"], t["seconds"], t["reason"][:100]) for t in self.facts["tests"]])
        print(f"\ngpu: {self.facts['machine']}")
        fields = ("metric", "unit", *COLUMNS)
        print_table(("metric", "unit", *COLUMNS.values()),
                    [[row.get(field) for field in fields] for row in self.rows.values()])
        missing = {}
        for row in self.rows.values():
            for column, error in row["errors"].items():
                missing.setdefault(error, []).append(f"{row['metric']} ({COLUMNS[column]})")
        for error, figures in missing.items():
            print(f"not measured: {'; '.join(figures)}: {error}")
        for batch, same in self.facts.get("a graph teaches the same bits", {}).items():
            print(f"with a graph, batch {batch}, the embedding is {'the same bits' if same else 'ANOTHER'}")
        if self.facts["diffusers"] is None:
            print(f"ours alone: {self.facts['why no diffusers']}")
        print(f"{self.facts['seconds']:.0f} s in all; written to {self.file}")


def run_tests(report):
    """tests/gpu, whose output goes beside the report. Returns whether all passed."""
    limit = round(0.6 * report.left())
    said, results = report.file.with_name("tests.txt"), report.file.with_name("tests.xml")
    results.unlink(missing_ok=True)
    print(f"tests/gpu, for at most {limit} s", flush=True)
    with open(said, "w") as output:
        # Interrupted, pytest still tells what it has seen.
        code = subprocess.run(
            ["timeout", "-s", "INT", "-k", "10", str(limit), sys.executable, "-m", "pytest", "-q", "-rs", "-p",
             "no:cacheprovider", f"--junitxml={results.resolve()}", "gpu"], cwd=REPOSITORY / "tests",
            env={**os.environ, "IMPRINT_BIN": str(ENGINE.parent)}, stdout=output, stderr=subprocess.STDOUT).returncode
    tests = []
    if results.exists():
        # One that was interrupted has no name.
        tests = [test_of(case) for case in xml.etree.ElementTree.parse(results).iter("testcase") if case.get("name")]
        results.unlink()
    # 124, or 137 where it had to be killed.
    late = code in (124, 137)
    if late or not tests:
        reason = f"not within {limit} s" if late else f"pytest ended with {code}; {said} says why"
        tests.append({"name": "the others", "outcome": "FAILED", "seconds": None, "reason": reason})
    report.fact("tests", tests)
    return code == 0 and any(test["outcome"] == "passed" for test in tests)


def test_of(case):
    bad = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
    return {"name": case.get("name"), "seconds": float(case.get("time")),
            "outcome": "passed" if bad is None else "skipped" if bad.tag == "skipped" else "FAILED",
            "reason": "" if bad is None else in_a_line(bad.get("message"))}


def measure_ours(report, scale):
    for batch in BATCHES:
        whole = report.measure(picture(batch), "ours", lambda timeout: draw(scale, batch, scale.steps, timeout))
        report.measure(picture(batch), "graph",
                       lambda timeout: draw(scale, batch, scale.steps, timeout, "--cuda-graph"))
    if whole is not None:
        report.measure(beside_steps(batch), "ours", lambda timeout: without_steps(scale, batch, whole, timeout))
    same = {}
    for batch in TRAINING_BATCHES:
        hashes = set()

        def taught(*options):
            def measure(timeout):
                rate, sha256 = teach(scale, batch, options, timeout)
                hashes.add(sha256)
                return rate
            return measure

        both = [report.measure(training_step(batch), "ours", taught()),
                report.measure(training_step(batch), "graph", taught("--cuda-graph"))]
        if None not in both:
            same[batch] = len(hashes) == 1
            report.fact("a graph teaches the same bits", same)


def measure_diffusers(report, scale, precision):
    wanted = [picture(batch) for batch in BATCHES]
    if precision == "bf16":
        wanted += [training_step(batch) for batch in TRAINING_BATCHES]
    last = "no time left"
    if report.left() > 5:
        command = [sys.executable, __file__, "--diffusers", precision] + ["--rehearse"] * (scale is TINY)
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen(["timeout", str(report.left()), *command], stdout=subprocess.PIPE, stderr=errors,
                                     text=True)
            for line in child.stdout:
                if not line.startswith('{"metric"'):
                    continue  # a library's own words
                told = json.loads(line)
                wanted.remove(told["metric"])
                report.note(told["metric"], precision, told.get("seconds"), told.get("error"))
            code = child.wait()
            errors.seek(0)
            said = errors.read().strip().splitlines()
        if code != 124:  # timeout's
            last = f"Diffusers' process ended with {code}: {in_a_line(said[-1] if said else 'it says nothing')}"
    for metric in wanted:
        report.note(metric, precision, error=last)


def why_no_diffusers():
    """None if Diffusers' pipeline can be imported here."""
    done = subprocess.run([sys.executable, "-c", "from diffusers import StableDiffusionPipeline; import transformers"],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return f"Diffusers cannot be imported here: {in_a_line(done.stderr.strip().splitlines()[-1])}"


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def driver():
    try:
        return subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], check=True,
                              capture_output=True, text=True).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def facts_of(device):
    reason = why_no_diffusers()
    return {"machine": f"{device['model']}, {device['memory_bytes'] / 1e9:.0f} GB, driver {driver()}; "
                       f"{THREADS} processors; PyTorch {version('torch')}",
            "diffusers": None if reason else version("diffusers"), "why no diffusers": reason}


def device_of(scale):
    """The device that is measured, or why there is none."""
    devices = [event for _, event in timed_events("devices") if event["event"] == "device"]
    kind = [d for d in devices if (d["name"] == "cpu") == (scale.device == "cpu")]
    if not kind:
        return None, "this machine has no GPU"
    return (kind[0], None) if kind[0]["usable"] else (None, kind[0]["reason"])


def main():
    parser = argparse.ArgumentParser(prog="gpu", description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", action="store_true", help="run tests/gpu first")
    parser.add_argument("--out", metavar="FOLDER", type=pathlib.Path, default=RESULTS, help="for gpu.json and tests.txt")
    parser.add_argument("--seconds", metavar="N", type=float, default=340, help="what does not fit into them is left out")
    parser.add_argument("--rehearse", action="store_true", help="on a processor, tiny")
    parser.add_argument("--diffusers", choices=("fp16", "bf16"), help=argparse.SUPPRESS)
    order = parser.parse_args()
    scale = TINY if order.rehearse else FULL
    if order.diffusers:
        return diffusers_figures(scale, order.diffusers)
    device, reason = device_of(scale)
    if device is None:
        print(f"gpu: nothing is measured: {reason}")
        return 1 if order.tests else 0
    report = Report(order.out, scale, facts_of(device), order.seconds)
    passed = not order.tests
    try:
        if order.tests:
            passed = run_tests(report)
        if scale is FULL:
            full_size.ensure()
        measure_ours(report, scale)
        if report.facts["diffusers"]:
            for precision in ("bf16", "fp16"):
                measure_diffusers(report, scale, precision)
    except Exception as error:  # noqa: BLE001: what has been measured is still told
        report.fact("error", in_a_line(error))
        print(f"error: {in_a_line(error)}")
    report.save()
    report.print()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
