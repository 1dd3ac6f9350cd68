"""company: two programs on one machine, each with all its processors, against one alone.

Two trainings at once, a training beside a drawing, as trainer and sampler of `imprint up` are, and a training
beside a stranger that keeps one processor busy; and what one alone pays for it. "The library's own" waiting is
libgomp's where nobody says otherwise, GOMP_SPINCOUNT=300000, which also switches our watch off. Seconds are
those of the whole command. A ratio is the median over rounds of each round's own: both figures of it stand within
seconds of each other, whatever else the machine does.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile

from harness import CONCEPTS, ENGINE, MODEL, RESULTS, machine, seconds

STEPS = 150
PICTURES = 24
ROUNDS = 4
# libgomp's own, in env.c of GCC 12, where OMP_WAIT_POLICY is not set.
LIBRARYS_OWN = {"GOMP_SPINCOUNT": "300000"}


def teach(out):
    return ["teach", CONCEPTS / "pip" / "images", "--class", "mascot", "--token", "<pip>", "--steps", STEPS,
            "--checkpoint-every", 0, "--out", out]


def draw(out):
    return ["draw", "--prompt", "a mascot in the snow", "--seeds", f"1-{PICTURES}", "--batch", 4,
            "--no-safety-check", "--no-sheet", "--out", out]


@contextlib.contextmanager
def stranger():
    """One processor is busy meanwhile."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def run(*commands, environment=None):
    """Seconds until all of them have ended; each is a function of its output folder."""
    env = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    with tempfile.TemporaryDirectory() as folder:
        def work():
            running = [subprocess.Popen([ENGINE, *map(str, command(f"{folder}/{i}"))], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL,
                                        env={**env, "IMPRINT_MODEL": str(MODEL), **(environment or {})})
                       for i, command in enumerate(commands)]
            assert [process.wait() for process in running] == [0] * len(commands)

        return seconds(work)


def beside_a_stranger(environment=None):
    with stranger():
        return run(teach, environment=environment)


class Figures:
    """What was measured in each round, by name."""

    def __init__(self, measures, rounds, once):
        """`once` are measured in the last round alone: they take longest, and are held to no goal."""
        for measure in measures.values():  # warms up
            measure()
        self.rounds = [{name: measure() for name, measure in measures.items()} for _ in range(rounds)]
        self.rounds[-1].update((name, measure()) for name, measure in once.items())

    def median(self, name):
        return statistics.median(figures[name] for figures in self.rounds if name in figures)

    def ratio(self, above, below):
        return statistics.median(figures[above] / below(figures) for figures in self.rounds if above in figures)

    def median_of(self, below, beside):
        """Of what the rounds that have `beside` compare it with."""
        return statistics.median(below(figures) for figures in self.rounds if beside in figures)


def rows(figures):
    """Metric, seconds, seconds it is compared with, how many times as long, goal."""
    def row(metric, ours, peer, goal):
        value = figures.ratio(ours, peer)
        compared = figures.median_of(peer, ours)
        return {"metric": metric, "seconds": figures.median(ours), "peer_seconds": compared, "ratio": value,
                "goal": goal, "met": value <= goal}

    yield row("one training alone", "teach", lambda f: f["teach, library's own"], 1.03)
    yield row("one drawing alone", "draw", lambda f: f["draw, library's own"], 1.03)
    yield row("two trainings at once, against one", "two trainings", lambda f: f["teach"], 1.9)
    # Both share the processors: no less than what each takes alone can be asked of them.
    yield row("a training and a drawing at once, against one after the other", "teach and draw",
              lambda f: f["teach"] + f["draw"], 0.95)
    yield row("two trainings at once, with the library's own waiting, against one", "two, library's own",
              lambda f: f["teach, library's own"], float("inf"))
    yield row("a training beside a stranger, against one with the library's own waiting", "beside a stranger",
              lambda f: f["beside a stranger, library's own"], float("inf"))


if __name__ == "__main__":
    figures = Figures({
        "teach": lambda: run(teach),
        "teach, library's own": lambda: run(teach, environment=LIBRARYS_OWN),
        "two trainings": lambda: run(teach, teach),
        "draw": lambda: run(draw),
        "draw, library's own": lambda: run(draw, environment=LIBRARYS_OWN),
        "teach and draw": lambda: run(teach, draw),
    }, ROUNDS, once={
        "two, library's own": lambda: run(teach, teach, environment=LIBRARYS_OWN),
        "beside a stranger": beside_a_stranger,
        "beside a stranger, library's own": lambda: beside_a_stranger(LIBRARYS_OWN),
    })
    print(f"\ncompany: {machine()}")
    table = list(rows(figures))
    for each in table:
        goal = "" if each["goal"] == float("inf") else f"goal ≤ {each['goal']}: {'met' if each['met'] else 'NOT met'}"
        print(f"{each['metric']:78} {each['seconds']:7.2f} s {each['peer_seconds']:7.2f} s  ×{each['ratio']:.2f}  {goal}")
    for each in table:
        if each["goal"] == float("inf"):
            each["goal"] = each["met"] = None
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "company.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"written to {RESULTS / 'company.json'}")
