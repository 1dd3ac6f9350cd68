"""ranks: one training on 1, 2 and 4 Gloo ranks with the processors divided, SD-1.5-size random weights, 256x256.

Steps of 4 samples, in what the processor multiplies fastest; the peer of each is the same step on one rank with
all processors: what dividing costs. A sum over ranks is measured by itself (collective_load), since within a step
it also waits for the slower rank; its peer is 2 % of a step. The model of docs/scaling.md is fitted to one rank
with one thread, 1 and 4 samples, and held against the steps of several ranks.
"""

import json
import subprocess
import tempfile

import full_size
from harness import (CAPTIONS, CONCEPTS, ENGINE, RESULTS, THREADS, Row, alternate, automatic_precision, report,
                     seconds_per_step)
from scaling import Step, gradient_bytes

STEPS = 3
SAMPLES = 4
SUMS = 2000
# 4 ranks of this model want 28 GB in fp32.
RANKS = (2, 4) if automatic_precision() != "fp32" else (2,)


def step_seconds(ranks, samples=SAMPLES, threads=None):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            return seconds_per_step(
                STEPS, CONCEPTS / "pip" / "images", "--device", "cpu", "--threads",
                threads or max(THREADS // ranks, 1), "--model", full_size.FOLDER, "--class", "mascot",
                "--token", "<pip>", "--templates", CAPTIONS, "--batch", samples, "--size", 256, "--ranks",
                ranks, "--precision", automatic_precision(), "--out", folder)
    return measure


def sum_seconds(ranks, vectors):
    done = subprocess.run([ENGINE.with_name("collective_load"), str(ranks),
                           str(gradient_bytes(vectors, 768) // 4), str(SUMS)],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["median_seconds"]


def predicted(one_sample, all_samples, sums, ranks):
    """By the model, with the sum as it was measured: its rounds on loopback are no network's."""
    sample = (all_samples - one_sample) / (SAMPLES - 1)
    alone = Step(one_sample - sample, sample, SAMPLES, gradient_bytes(1, 768), 0, 1)
    return alone.seconds(ranks) + sums[ranks, 1] - alone.sum_seconds(ranks)


if __name__ == "__main__":
    full_size.ensure()
    sums = {(ranks, vectors): sum_seconds(ranks, vectors) for ranks in (2, 4) for vectors in (1, 16)}
    alone, one_sample, all_samples, *shared = alternate(
        1, step_seconds(1), step_seconds(1, 1, 1), step_seconds(1, SAMPLES, 1), *map(step_seconds, RANKS))
    rows = [Row(f"a step of {SAMPLES} samples on {ranks} ranks", "s", step, alone, None)
            for ranks, step in zip(RANKS, shared)]
    rows += [Row(f"2 % of a step: a sum over {ranks} ranks, {vectors} vector(s)", "s", seconds,
                 0.02 * min(shared), 1.0)
             for (ranks, vectors), seconds in sums.items()]
    report("ranks", rows)
    facts = {"precision": automatic_precision()}
    for ranks, step in zip(RANKS, shared):
        foreseen = predicted(one_sample, all_samples, sums, ranks)
        facts[f"{ranks} ranks, a step, s"] = {"by the model": round(foreseen, 3), "measured": round(step, 3)}
    print(json.dumps(facts, indent=1, ensure_ascii=False))
    (RESULTS / "ranks-model.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
