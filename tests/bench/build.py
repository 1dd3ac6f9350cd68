"""build: CPU-seconds of a clean build of the programs, against the last commit before builds were made quick.

Each commit is built in a worktree of its own, without a compiler cache, by `cmake --build --target programs` with
as many jobs as there are processors. What counts is the CPU time of compilers and linkers, which other work on the
machine changes little. IMPRINT_BENCH_EVERYTHING=1 also builds the tests of both, which takes an hour more.
"""

import contextlib
import json
import os
import pathlib
import resource
import subprocess
import tempfile

from harness import REPOSITORY, RESULTS, THREADS, machine

# Release builds compiled each source by itself, all at -O3, and precompiled LibTorch's headers alone.
BEFORE = "de47f9c"
GOAL = 2.5


def git(*arguments):
    return subprocess.run(["git", "-C", REPOSITORY, *arguments], check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def checkout(commit):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "checkout"
        git("worktree", "add", "--detach", "-f", path, commit)
        try:
            (path / ".venv").symlink_to(REPOSITORY / ".venv")
            yield path
        finally:
            git("worktree", "remove", "--force", path)


def cpu_seconds(command, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "CCACHE_DISABLE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def build(commit):
    """CPU-seconds of each thing that is built, by name."""
    with checkout(commit) as folder:
        subprocess.run(["cmake", "--preset", "release", "--log-level=WARNING"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        targets = {"programs": "programs"}
        if os.environ.get("IMPRINT_BENCH_EVERYTHING"):
            targets["tests, on top"] = "all"
        return {name: cpu_seconds(["cmake", "--build", "--preset", "release", "--target", target, "-j", str(THREADS)],
                                  folder) for name, target in targets.items()}


if __name__ == "__main__":
    if git("status", "--porcelain", "--untracked-files=no"):
        print("note: what is not committed is not built")
    ours, before = build("HEAD"), build(BEFORE)
    table = [{"metric": f"clean build: {name}", "unit": "CPU-s", "ours": ours[name], "peer": before[name],
              "ratio": before[name] / ours[name], "goal": GOAL, "met": before[name] / ours[name] >= GOAL}
             for name in ours]
    print(f"\nbuild: {machine()}; peer: {BEFORE}")
    for row in table:
        print(f"{row['metric']:32} {row['ours']:8.0f} CPU-s {row['peer']:8.0f} CPU-s  ×{row['ratio']:.2f}  "
              f"goal ≥ {row['goal']}: {'met' if row['met'] else 'NOT met'}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "build.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"written to {RESULTS / 'build.json'}")
