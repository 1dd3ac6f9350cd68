"""Trainings of one base model share a trainer's rank and its batches, and each learns what it learns alone."""

import os
import signal

import numpy
import pytest
from safetensors.numpy import load

from cluster import Cluster, api
from processes import children, wait_for


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster"), samplers=0,
                 trainer_flags=["--slots", "3", "--pack", "3"]) as running:
        running.add_model()
        running.add_references()
        yield running


def teach(cluster, name, priority=None, **spec):
    v1 = api()
    return cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
        spec=cluster.training(concept_name=f"concepts/{name}", precision="fp32", **spec),
        priority=priority or v1.JOB_PRIORITY_NORMAL), timeout=30)


def learned(cluster, job):
    """The vectors of a training that succeeded."""
    assert job.state == api().JOB_STATE_SUCCEEDED, (job, cluster.log_text())
    (vectors,) = load(cluster.download_embedding(job.result)).values()
    return vectors


def packed_samples(cluster, job):
    """Its samples that were computed together with others', as recorded with the embedding."""
    return cluster.registry_api.GetEmbedding(
        api().GetEmbeddingRequest(name=job.result), timeout=10).report.packed_samples


def begun(cluster, job):
    wait_for("it trains", lambda: cluster.job(job.name).progress.step > 0)


@pytest.fixture
def long(cluster):
    """A training that goes on until the test is over."""
    job = teach(cluster, "long", priority=api().JOB_PRIORITY_NORMAL, steps=100_000)
    begun(cluster, job)
    yield job
    cluster.jobs.CancelJob(api().CancelJobRequest(name=job.name))
    cluster.finish(job)


@pytest.fixture(scope="module")
def alone(cluster):
    """What the training `pip` learns by itself."""
    job = cluster.finish(teach(cluster, "pip"))
    assert packed_samples(cluster, job) == 0
    return learned(cluster, job)


def test_trainings_together_learn_what_each_learns_alone(cluster, alone, long):
    ranks = children(cluster.trainer.process.pid)
    before = cluster.trainer.metric("imprint_train_packed_samples_total")
    jobs = [teach(cluster, "pip"), teach(cluster, "other", recipe=api().TrainingRecipe(steps=12, batch=1, seed=3))]
    done = [cluster.finish(job) for job in jobs]
    numpy.testing.assert_allclose(learned(cluster, done[0]), alone, atol=1e-5)
    # Each of its samples, since the long one was there all the time.
    assert [packed_samples(cluster, job) for job in done] == [24, 12]
    assert cluster.trainer.metric("imprint_train_packed_samples_total") - before == 36
    assert children(cluster.trainer.process.pid) == ranks, "in the rank that was there"
    assert len(ranks) == 1


def test_an_exact_training_has_the_bits_that_it_has_alone(cluster, alone, long):
    done = cluster.finish(teach(cluster, "pip", exact=True))
    assert (learned(cluster, done) == alone).all()
    assert packed_samples(cluster, done) == 0


def test_what_yields_leaves_the_trainer_to_an_urgent_training(cluster):
    v1 = api()
    bulk = [teach(cluster, f"bulk{i}", priority=v1.JOB_PRIORITY_BULK, steps=100_000) for i in range(2)]
    for job in bulk:
        begun(cluster, job)
    urgent = teach(cluster, "urgent", priority=v1.JOB_PRIORITY_INTERACTIVE, steps=100_000)
    begun(cluster, urgent)
    for job in bulk:
        wait_for("it gives way", lambda: cluster.job(job.name).state == v1.JOB_STATE_PENDING)
        assert any(f"pre-empted by {urgent.name}" in event.attempt_change.reason
                   for event in cluster.watch_some(job.name))
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=urgent.name))
    for job in bulk:
        wait_for("it goes on", lambda: cluster.job(job.name).state == v1.JOB_STATE_RUNNING)
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
        assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED


def test_a_drain_keeps_what_packed_trainings_have_learned(cluster):
    v1 = api()
    jobs = [teach(cluster, f"drained{i}", steps=100_000, checkpoint_every=100_000) for i in range(2)]
    for job in jobs:
        begun(cluster, job)
    assert cluster.trainer.stop() == 0
    cluster.trainer.start()
    for job in jobs:
        wait_for("it goes on", lambda: cluster.job(job.name).attempts == 2
                 and cluster.job(job.name).state == v1.JOB_STATE_RUNNING)
        changes = [event.attempt_change for event in cluster.watch_some(job.name) if event.HasField("attempt_change")]
        assert changes[-1].resumes_from_step > 0, changes
    for job in jobs:
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
        assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED


def test_who_was_in_a_rank_that_is_killed_goes_on_alone(cluster):
    v1 = api()
    jobs = [teach(cluster, f"killed{i}", steps=100_000, checkpoint_every=5) for i in range(2)]
    for job in jobs:
        begun(cluster, job)
    # Theirs, and one that is idle if an earlier test left it.
    ranks = children(cluster.trainer.process.pid)
    for rank in ranks:
        os.kill(rank, signal.SIGKILL)
    for job in jobs:
        wait_for("it goes on", lambda: cluster.job(job.name).attempts == 2
                 and cluster.job(job.name).state == v1.JOB_STATE_RUNNING)
        reasons = [event.attempt_change.reason for event in cluster.watch_some(job.name)]
        assert any("killed by signal 9" in reason for reason in reasons), reasons
    wait_for("each has its own", lambda: len(set(children(cluster.trainer.process.pid)) - set(ranks)) == 2)
    for job in jobs:
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
        assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED
