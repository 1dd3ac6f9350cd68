"""overhead: seconds of the whole path through the four services against imprint-engine, for the same job.

Teaching pip (200 steps) and drawing 24 pictures, alternating. Through the services: from the create call
to the last event, with warm nodes, as a second job finds them. imprint-engine: the whole command, and what
is left of it without its start, in which it loads the model, the pictures and the embedding. Warm services
load no model, so the goal is held against the latter, the stricter of the two.
"""

import contextlib
import json
import pathlib
import statistics
import tempfile
import time

from harness import CONCEPTS, RESULTS, THREADS, engine, result_of
from services import Cluster, api

ROUNDS = 3
GOAL_SHARE, GOAL_SECONDS = 0.05, 2.0


def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def through_services(cluster, number):
    v1 = api()

    def teach():
        spec = cluster.training(steps=200, checkpoint_every=50)
        spec.recipe.batch = 4
        job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=spec))
        assert cluster.finish(job).state == v1.JOB_STATE_SUCCEEDED

    def draw():
        spec = cluster.image_set(prompts=["<pip> in the snow", "<pip> in space"],
                                 seeds=range(12), steps=25)
        job = cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(spec=spec))
        assert cluster.finish(job).state == v1.JOB_STATE_SUCCEEDED

    return timed(teach), timed(draw)


def through_engine(folder):
    """Of teach and of draw: seconds of the whole command, and of its work alone as its result says them."""
    out = folder / "engine"
    commands = (
        ("teach", CONCEPTS / "pip" / "images", "--class", "mascot", "--token", "<pip>", "--out", out,
         "--overwrite"),
        ("draw", "--embedding", out, "--seeds", "0-11", "--prompt", "<pip> in the snow", "--prompt",
         "<pip> in space", "--batch", 4, "--no-sheet", "--out", out / "pictures", "--overwrite"),
    )
    figures = []
    for command in commands:
        began = time.perf_counter()
        events = engine(*command)
        figures.append((time.perf_counter() - began, result_of(events)["seconds"]))
    return figures


def parent_and_memory(pid):
    """Of a process: whose child it is, and its resident bytes."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["PPid"]), 1024 * int(status["VmRSS"].split()[0])


def memory_of(processes):
    """Row → resident megabytes: each process of the cluster, and together what each of them started."""
    rows = {p.name: p.rss() / 1e6 for p in processes}
    names = {p.process.pid: p.name for p in processes}
    # Not /proc/PID/task/*/children, which not every kernel has.
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        # One that ends meanwhile, or is the kernel's and has no memory, is nobody's child here.
        with contextlib.suppress(OSError, KeyError):
            parent, memory = parent_and_memory(folder.name)
            if parent in names:
                program = (folder / "cmdline").read_bytes().split(b"\0")[0].decode().rsplit("/", 1)[-1]
                row = f"{names[parent]}'s {program}"
                rows[row] = rows.get(row, 0) + memory / 1e6
    return rows


def compare(services, engine_runs):
    """The row of one kind of job: medians, both overheads, and the goal against the stricter."""
    ours = statistics.median(services)
    whole = statistics.median(seconds for seconds, _ in engine_runs)
    work = statistics.median(seconds for _, seconds in engine_runs)
    start = statistics.median(seconds - its_work for seconds, its_work in engine_runs)
    goal = work * (1 + GOAL_SHARE) + GOAL_SECONDS
    return {"services_s": ours, "engine_s": whole, "engine_start_s": start, "engine_work_s": work,
            "over_whole_s": ours - whole, "over_work_s": ours - work, "goal_s": goal, "met": ours <= goal}


def report(what, row):
    print(f"{what:<6} services {row['services_s']:6.2f} s   engine {row['engine_s']:6.2f} s, of it start and"
          f" loading {row['engine_start_s']:5.2f} s\n"
          f"       over the whole command {row['over_whole_s']:+6.2f} s, over its work"
          f" {row['over_work_s']:+6.2f} s ({row['over_work_s'] / row['engine_work_s']:+.1%})"
          f"   goal ≤ {row['goal_s']:6.2f} s: {'met' if row['met'] else 'missed'}")


if __name__ == "__main__":
    figures = {"services": [], "engine": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Cluster(folder) as cluster:
            cluster.add_model()
            cluster.add_references()
            through_services(cluster, -1)
            for number in range(ROUNDS):
                figures["services"].append(through_services(cluster, number))
                figures["engine"].append(through_engine(folder))
            memory = memory_of(cluster.processes)
    rows = {}
    for place, what in enumerate(("teach", "draw")):
        rows[what] = compare([f[place] for f in figures["services"]], [f[place] for f in figures["engine"]])
        report(what, rows[what])
    for process, megabytes in memory.items():
        print(f"{process:<32} {megabytes:8.1f} MB")
    print(f"{'all':<32} {sum(memory.values()):8.1f} MB")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "overhead.json").write_text(json.dumps(
        {"threads": THREADS, "rows": rows, "memory_mb": memory, "rounds": figures}, indent=2) + "\n")
