"""ranks: one training on 1 and 2 Gloo ranks with the processors divided, SD-1.5-size random weights, 256x256.

The peer of each row is the same step on one rank with all processors, 4 samples: what dividing costs. The
goal for the sum over ranks is 2 % of a step; it is measured by itself (collective_load), since within a
step it also waits for the slower rank. 4 ranks of this model want 28 GB: their sum alone is measured.
"""

import json
import subprocess
import tempfile

import full_size
from harness import CAPTIONS, CONCEPTS, ENGINE, RESULTS, THREADS, Row, alternate, report, seconds_per_step
from scaling import gradient_bytes

STEPS = 3
SAMPLES = 4
SUMS = 2000


def step_seconds(ranks):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            return seconds_per_step(
                STEPS, CONCEPTS / "pip" / "images", "--device", "cpu", "--threads",
                max(THREADS // ranks, 1), "--model", full_size.FOLDER, "--class", "mascot", "--token",
                "<pip>", "--templates", CAPTIONS, "--batch", SAMPLES, "--size", 256, "--ranks", ranks,
                "--out", folder)
    return measure


def sum_seconds(ranks, vectors):
    done = subprocess.run([ENGINE.with_name("collective_load"), str(ranks),
                           str(gradient_bytes(vectors, 768) // 4), str(SUMS)],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["median_seconds"]


if __name__ == "__main__":
    full_size.ensure()
    sums = {(ranks, vectors): sum_seconds(ranks, vectors) for ranks in (2, 4) for vectors in (1, 16)}
    alone, two = alternate(1, step_seconds(1), step_seconds(2))
    report("ranks", [Row("a step of 4 samples on 2 ranks", "s", two, alone, None)])
    facts = {f"{vectors} vectors, {ranks} ranks": {"µs a sum": round(1e6 * seconds),
                                                    "% of a step": round(100 * seconds / two, 4)}
             for (ranks, vectors), seconds in sums.items()}
    print(json.dumps(facts, indent=1, ensure_ascii=False))
    (RESULTS / "ranks-sums.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
