"""Ranks that hang while their trainer beats on: the run is given up, the rank is ended by force, its slot is
free again, and the job goes on from its checkpoint to the result that an undisturbed run has."""

import os
import signal
import subprocess

import pytest
from google.protobuf.duration_pb2 import Duration

from cluster import Cluster, api
from processes import wait_for


def create(cluster, **changes):
    v1 = api()
    return cluster.patiently(cluster.jobs.CreateTrainingJob, v1.CreateTrainingJobRequest(
        spec=cluster.training(steps=150, checkpoint_every=10), max_attempts=100, **changes))


def hang_its_rank(cluster, job):
    """Gives the process id of the rank, which stands still."""
    wait_for("it computes", lambda: cluster.job(job.name).progress.step > 10, 60)
    ranks = subprocess.run(["pgrep", "-P", str(cluster.trainer.process.pid)], capture_output=True,
                           text=True).stdout.split()
    assert len(ranks) == 1
    os.kill(int(ranks[0]), signal.SIGSTOP)
    return int(ranks[0])


def reasons(cluster, job):
    return [e.attempt_change.reason for e in cluster.watch_some(job.name)
            if e.attempt_change.state == api().ATTEMPT_STATE_FAILED]


@pytest.mark.parametrize("gateway, changes, reason", [
    (["--stall-seconds", "2"], {}, "no progress for 2s"),
    # The default's stall is minutes away.
    ([], {"attempt": Duration(seconds=6)}, "it took longer than"),
], ids=["stalled", "late"])
def test_a_rank_that_hangs_makes_room(tmp_path, gateway, changes, reason):
    v1 = api()
    with Cluster(tmp_path, samplers=0, gateway=gateway) as cluster:
        cluster.add_model()
        cluster.add_references()
        job = create(cluster, timeouts=v1.JobTimeouts(**changes))
        rank = hang_its_rank(cluster, job)
        wait_for("it is given up", lambda: any(reason in r for r in reasons(cluster, job)), 60)
        # Its trainer alone would miss it only after a minute.
        wait_for("the rank's end", lambda: not os.path.exists(f"/proc/{rank}"), 30)
        done = cluster.finish(job, seconds=120)
        assert done.state == v1.JOB_STATE_SUCCEEDED, (done, cluster.log_text())
        assert done.attempts >= 2
        wait_for("the node is free", lambda: all(
            n.free_slots == n.slots for n in cluster.jobs.ListNodes(v1.ListNodesRequest()).nodes))
        # Said once, however long the rank took to end.
        lost = [line for line in cluster.gateway.log.read_text().splitlines()
                if "a run is lost" in line and "attempt=1 " in line]
        assert len(lost) == 1, lost
