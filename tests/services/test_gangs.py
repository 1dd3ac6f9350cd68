"""One training shared by ranks on several trainers: the same result as alone, and back from every loss, bit
for bit as the undisturbed run of as many ranks."""

import contextlib
import os
import signal
import time
import urllib.request

import numpy
import pytest

from cluster import Cluster, api
from gangs import (STEPS, attempts, create, halfway, ranks_of, reach_step, reasons, succeed, trainers_of,
                   works_again)
from processes import wait_for

v1 = api()


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three trainers, and what two ranks teach undisturbed."""
    with Cluster(tmp_path_factory.mktemp("gangs"), trainers=3, samplers=0) as cluster:
        cluster.add_model()
        cluster.add_references()
        yield cluster, succeed(cluster, create(cluster, 2))


def distance(a, b):
    return numpy.linalg.norm(a - b) / numpy.linalg.norm(b)


def all_slots_are_free(cluster):
    def free():
        nodes = cluster.jobs.ListNodes(v1.ListNodesRequest(), timeout=10).nodes
        return len(nodes) == 3 and all(n.free_slots == 1 and not n.runs for n in nodes)

    wait_for("all slots are free", free)


@contextlib.contextmanager
def gone(server):
    """Killed for a while."""
    server.kill()
    try:
        yield
    finally:
        server.start()
        wait_for(f"{server.name} is ready again", server.ready)


def test_any_number_of_ranks_teaches_the_same(three):
    cluster, two = three
    one = succeed(cluster, create(cluster, 1))
    job = create(cluster, 3)
    uneven = succeed(cluster, job)
    assert {t.name for t in trainers_of(cluster, job)} == {"trainer0", "trainer1", "trainer2"}
    # Two ranks add up the same two batches as one.
    assert distance(two, one) < 1e-5
    assert 0 < distance(uneven, one) < 1e-5


def test_the_same_number_teaches_the_same_bits(three):
    cluster, two = three
    assert succeed(cluster, create(cluster, 2)).tobytes() == two.tobytes()


def test_progress_and_metrics_say_what_working_together_takes(three):
    cluster, _ = three
    job = create(cluster, 2)
    succeed(cluster, job)
    last = [e for e in cluster.watch(job.name) if e.HasField("progress")][-1].progress
    # The gradient, the loss and the stop, each step, and what the ranks began with.
    assert last.collective_bytes >= STEPS * (32 + 2) * 4 and 0 < last.collective_seconds < 60
    assert sum(metric(t, "imprint_collective_bytes_total") > 0 for t in cluster.trainers) >= 2
    report = cluster.registry_api.GetEmbedding(
        v1.GetEmbeddingRequest(name=cluster.job(job.name).result), timeout=10).report
    assert (report.ranks, report.steps) == (2, STEPS)
    assert report.collective_bytes >= STEPS * (32 + 2) * 4 and 0 < report.collective_seconds <= report.seconds


def metric(process, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{process.metrics_port}/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_is_named_and_the_gang_goes_on_from_its_checkpoint(three, rank):
    cluster, two = three
    job = halfway(cluster)
    trainer = trainers_of(cluster, job)[rank]
    killed = time.monotonic()
    for pid in ranks_of(trainer):
        os.kill(pid, signal.SIGKILL)
    wait_for("the next attempt's first step", lambda: works_again(cluster, job, 2))
    assert time.monotonic() - killed < 15
    assert succeed(cluster, job).tobytes() == two.tobytes()
    said = reasons(cluster, job)
    assert len(said) == 1, said
    assert said[0].startswith(f"rank {rank} on node {trainer.name}: imprint-rank was killed by signal 9")
    second = next(e.attempt_change for e in attempts(cluster, job) if e.attempt == 2)
    assert second.resumes_from_step >= 10


def test_a_killed_trainer_is_replaced_by_another(three):
    cluster, two = three
    job = halfway(cluster)
    victim = trainers_of(cluster, job)[1]
    with gone(victim):
        assert succeed(cluster, job).tobytes() == two.tobytes()
    assert victim not in trainers_of(cluster, job)
    assert any(f"node {victim.name}" in reason for reason in reasons(cluster, job)), reasons(cluster, job)


def test_a_paused_trainer_ends_the_attempt_and_what_wakes_up_changes_nothing(three):
    cluster, two = three
    job = halfway(cluster)
    slow = trainers_of(cluster, job)[1]
    frozen = [slow.process.pid, *ranks_of(slow)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_for("another attempt", lambda: cluster.job(job.name).attempts == 2)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert succeed(cluster, job).tobytes() == two.tobytes()
    assert any(f"node {slow.name} was not heard of in time" in r for r in reasons(cluster, job))


@pytest.mark.parametrize("rank", [0, 1])
def test_a_draining_trainer_costs_no_attempt_and_loses_no_step(three, rank):
    cluster, two = three
    job = halfway(cluster)
    leaving = trainers_of(cluster, job)[rank]
    assert leaving.stop() == 0
    try:
        assert succeed(cluster, job).tobytes() == two.tobytes()
    finally:
        leaving.start()
        wait_for("it is ready", leaving.ready)
    assert reasons(cluster, job) == [f"rank {rank} on node {leaving.name}: the node is draining"]
    steps = [e.progress.step for e in cluster.watch(job.name) if e.HasField("progress")]
    assert steps == sorted(set(steps)), "no step is done twice"


def test_a_cancelled_gang_leaves_all_its_nodes(three):
    cluster, _ = three
    job = create(cluster, 3, steps=100_000)
    reach_step(cluster, job, 3)
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name), timeout=10)
    assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED
    all_slots_are_free(cluster)


def test_another_gateway_goes_on_with_a_running_gang(three):
    cluster, two = three
    job = create(cluster, 2)
    reach_step(cluster, job, 8)
    with gone(cluster.gateway):
        pass
    assert succeed(cluster, job).tobytes() == two.tobytes()
    assert cluster.job(job.name).attempts == 1, reasons(cluster, job)


def test_a_gang_that_the_trainers_cannot_hold_says_so_and_delays_nobody(three):
    cluster, _ = three
    large = create(cluster, 4)
    succeed(cluster, create(cluster, 1, steps=5))
    explained = cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=large.name), timeout=10)
    assert "needs 4 ranks" in explained.summary and "have 3" in explained.summary
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=large.name), timeout=10)
    cluster.finish(large)


def test_a_gang_that_may_be_smaller_goes_on_with_who_is_left(three):
    cluster, two = three
    all_slots_are_free(cluster)
    job = halfway(cluster, -1)
    assert len(trainers_of(cluster, job)) == 3
    with gone(cluster.trainers[2]):
        result = succeed(cluster, job)
    assert len(trainers_of(cluster, job)) == 2
    assert distance(result, two) < 1e-5


def test_a_hundred_gangs_leave_nothing_behind(three):
    """Processes, sockets, files, shared memory: as after the first few."""
    cluster, _ = three

    def held():
        pids = [t.process.pid for t in (*cluster.trainers, cluster.gateway)]
        pids += [rank for t in cluster.trainers for rank in ranks_of(t)]
        return {"processes": len(pids), "shared memory": sorted(os.listdir("/dev/shm")),
                "descriptors": sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)}

    def teach(number):
        for _ in range(number):
            assert cluster.finish(create(cluster, 2, steps=2)).state == v1.JOB_STATE_SUCCEEDED

    teach(5)
    before = held()
    teach(GANGS)
    after = held()
    assert after["processes"] == before["processes"]
    assert after["shared memory"] == before["shared memory"]
    # A channel more or less is nobody's leak.
    assert after["descriptors"] <= before["descriptors"] + 10, (before, after)


GANGS = int(os.environ.get("IMPRINT_GANGS", "10"))
