"""rpc: what a call costs the gateway: CPU of a unary call, of a watched event, admissions by fsync rate.

The client is C++ (rpc_load); CPU time is the gateway's own, from /proc. Admissions a second stand beside
the fsyncs a second that this disk did in the same run.
"""

import json
import pathlib
import statistics
import subprocess
import tempfile

from harness import RESULTS
from services import Cluster, api, cpu_seconds, fsyncs_per_second, os

LOAD = pathlib.Path(os.environ["IMPRINT_BIN"]) / "rpc_load"
ROUNDS = 3


def load(cluster, *words):
    """Runs rpc_load; gives what it said and the gateway's CPU seconds meanwhile."""
    before = cpu_seconds(cluster.gateway)
    done = subprocess.run([LOAD, cluster.gateway.address, *map(str, words)], check=True,
                          capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert result["failed"] == 0, result
    return result, cpu_seconds(cluster.gateway) - before


def measure(folder):
    v1 = api()
    with Cluster(folder, samplers=0, gateway=["--max-live-jobs-per-tenant", "100000"]) as cluster:
        cluster.add_model()
        cluster.add_references()
        spec = folder / "spec"
        spec.write_bytes(cluster.training().SerializeToString())
        # A history to watch: progress of a training, some hundred events.
        job = cluster.jobs.CreateTrainingJob(
            v1.CreateTrainingJobRequest(spec=cluster.training(steps=150, checkpoint_every=1))).name
        cluster.watch(job)
        cluster.trainer.stop()
        idle = cluster.gateway.rss()
        load(cluster, "get", job, 500, 2)
        got, get_cpu = load(cluster, "get", job, 5000, 2)
        disk = fsyncs_per_second(folder)
        created, create_cpu = load(cluster, "create", spec, 1000, 8)
        watched, watch_cpu = load(cluster, "watch", job, 200, 2)
        return {
            "CPU-µs of a unary call (GetJob)": 1e6 * get_cpu / got["calls"],
            "unary calls a second (2 clients)": got["calls"] / got["seconds"],
            "CPU-µs of a watched event": 1e6 * watch_cpu / watched["events"],
            "events of the watched job": watched["events"] / 200,
            "CPU-µs of an admission": 1e6 * create_cpu / created["calls"],
            "admissions a second (8 clients)": created["calls"] / created["seconds"],
            "fsyncs a second of this disk": disk,
            "admissions by fsync": created["calls"] / created["seconds"] / disk,
            "gateway's memory, idle, MB": idle / 1e6,
            "gateway's memory, 1,000 jobs queued, MB": cluster.gateway.rss() / 1e6,
            "registry's memory, MB": cluster.registry.rss() / 1e6,
        }


if __name__ == "__main__":
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(measure(pathlib.Path(folder)))
    medians = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    for name, value in medians.items():
        print(f"{name:<44} {value:>12.2f}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "rpc.json").write_text(json.dumps({"medians": medians, "rounds": rounds}, indent=2) + "\n")
