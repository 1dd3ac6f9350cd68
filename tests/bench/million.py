"""million: what a plan of a million pictures takes to be checked, and one of its pictures to be made."""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from harness import ENGINE, RESULTS, machine

IMPRINT, LOAD = ENGINE.with_name("imprint"), ENGINE.with_name("expansion_load")
GOALS = {"check, s": 5, "check, peak MB": 100, "one picture, µs": 20}
ROUNDS = 5


def plan():
    """A million pictures of four axes, with alternative texts, an exclusion and quotas."""
    places = {f"place-{i}": {"text": f"the {i}th place of many", "alt_text": {"en": f"place {i}"}} for i in range(1000)}
    people = {f"person-{i}": {"text": f"somebody of {i} years", "negative_prompt": "shadows"} for i in range(111)}
    return {"prompt": "{people} in {places} in {season}, {level}", "seed": 1, "same_seed": "level",
            "alt_text": {"en": "A drawing of {places}."},
            "axes": {"places": places, "people": people, "season": ["spring", "summer", "autumn"],
                     "level": {"simple": {"steps": 20}, "detailed": {"text": "many details", "guidance": 7},
                               "photo": "a photo"}},
            "exclude": [{"places": "place-3", "season": "summer"}],
            "quotas": [{"each": "season", "at_least": "30%"}, {"of": {"level": "simple"}, "at_least": "30%"}]}


def check(file):
    """Seconds and peak bytes of `imprint set check`."""
    begun = time.monotonic()
    process = subprocess.Popen([IMPRINT, "set", "check", file], stdout=subprocess.DEVNULL)
    _, status, use = os.wait4(process.pid, 0)
    assert status == 0
    return time.monotonic() - begun, use.ru_maxrss * 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "plan.json"
        file.write_text(json.dumps(plan()))
        checks = [check(file) for _ in range(ROUNDS)]
        loads = [json.loads(subprocess.run([LOAD, file, "200000"], check=True, capture_output=True, text=True).stdout)
                 for _ in range(ROUNDS)]
    figures = {"check, s": statistics.median(seconds for seconds, _ in checks),
               "check, peak MB": max(peak for _, peak in checks) / 1e6,
               "one picture, µs": statistics.median(load["us"] for load in loads)}
    table = [{"metric": name, "value": figures[name], "goal": goal, "met": figures[name] <= goal}
             for name, goal in GOALS.items()]
    print(f"\nmillion: {machine()}; {loads[0]['pictures']:,} pictures")
    for row in table:
        print(f"{row['metric']:16} {row['value']:8.2f}  goal ≤ {row['goal']}: {'met' if row['met'] else 'NOT met'}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "million.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"written to {RESULTS / 'million.json'}")
