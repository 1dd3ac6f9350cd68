"""scheduler: milliseconds of one decision of the JobScheduler, from one node to a cluster's 1,000 nodes and 100,000 jobs."""

import json
import statistics
import subprocess

from harness import ENGINE, RESULTS

LOAD = ENGINE.with_name("scheduler_load")
SIZES = ((1, 10, 1), (100, 1_000, 10), (1_000, 10_000, 100), (1_000, 100_000, 10_000))
GOAL_MS = 50
ROUNDS = 15

if __name__ == "__main__":
    rows = []
    for nodes, jobs, tenants in SIZES:
        rounds = json.loads(subprocess.run([LOAD, *map(str, (nodes, jobs, tenants, ROUNDS))], check=True,
                                           capture_output=True, text=True).stdout)
        milliseconds = [r["ms"] for r in rounds]
        row = {"nodes": nodes, "jobs": jobs, "tenants": tenants, "median_ms": statistics.median(milliseconds),
               "worst_ms": max(milliseconds), "placements": statistics.median(r["placements"] for r in rounds)}
        rows.append(row)
        print(f"{nodes:>6,} nodes {jobs:>8,} jobs {tenants:>7,} tenants   median {row['median_ms']:7.2f} ms   "
              f"worst {row['worst_ms']:7.2f} ms   {row['placements']:.0f} placed")
    met = rows[-1]["median_ms"] < GOAL_MS
    print(f"goal: under {GOAL_MS} ms for the largest: {'met' if met else 'missed'}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scheduler.json").write_text(json.dumps({"goal_ms": GOAL_MS, "met": met, "rows": rows}, indent=2) + "\n")
