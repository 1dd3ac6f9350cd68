"""Cancelling in every state, and what it leaves: nothing that was not asked for, and no node busy."""

import pytest

from cluster import api
from processes import wait_for


@pytest.fixture(scope="module")
def cluster(module_cluster):
    module_cluster.add_model()
    module_cluster.add_references()
    return module_cluster


def create(cluster, kind):
    v1 = api()
    if kind == "training":
        return cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
            spec=cluster.training(steps=150, checkpoint_every=10)))
    return cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
        spec=cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=range(24), steps=10)))


def cancel(cluster, job):
    return cluster.jobs.CancelJob(
        api().CancelJobRequest(name=job.name, reason="changed our mind"), timeout=10)


def versions(cluster):
    v1 = api()
    return len(cluster.registry_api.ListEmbeddings(
        v1.ListEmbeddingsRequest(parent="concepts/-")).embeddings)


@pytest.mark.parametrize("moment", ["at once", "running", "twice"])
@pytest.mark.parametrize("kind", ["training", "image set"])
def test_a_live_job_ends_cancelled_and_leaves_nothing(cluster, kind, moment):
    v1 = api()
    before = versions(cluster)
    job = create(cluster, kind)
    if moment == "running":
        wait_for("it computes", lambda: cluster.job(job.name).progress.step > 0 or
                 cluster.job(job.name).items_done > 0)
    assert cancel(cluster, job).state in (v1.JOB_STATE_CANCELLING, v1.JOB_STATE_CANCELLED)
    if moment == "twice":
        cancel(cluster, job)
    assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED, cluster.log_text()
    wait_for("the nodes are free", lambda: all(
        n.free_slots == n.slots for n in cluster.jobs.ListNodes(v1.ListNodesRequest()).nodes))
    assert versions(cluster) == before
    explained = cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=job.name)).summary
    assert explained == "cancelled: changed our mind"


def test_a_job_whose_result_is_on_its_way_keeps_it(cluster):
    v1 = api()
    job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
        spec=cluster.training(steps=30, checkpoint_every=10)))
    wait_for("it computes", lambda: cluster.job(job.name).progress.step > 0)
    cluster.registry.pause()
    try:
        wait_for("it is computed", lambda: cluster.job(job.name).state == v1.JOB_STATE_FINALIZING)
        assert cancel(cluster, job).state == v1.JOB_STATE_FINALIZING
    finally:
        cluster.registry.resume()
    done = cluster.finish(job)
    assert done.state == v1.JOB_STATE_SUCCEEDED and done.result.startswith("concepts/pip/embeddings/")


def test_a_job_that_has_ended_stays_as_it_is(cluster):
    v1 = api()
    succeeded = cluster.finish(cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
        spec=cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=[1], steps=2))))
    cancelled = create(cluster, "training")
    cancel(cluster, cancelled)
    cancelled = cluster.finish(cancelled)
    # The model's files are somewhere else than it says.
    cluster.registry_api.CreateBaseModel(v1.CreateBaseModelRequest(
        base_model_id="gone", folder=str(moved_model(cluster)), licence="Apache-2.0"), timeout=60)
    (cluster.folder / "moved").rename(cluster.folder / "elsewhere")
    failed = cluster.finish(cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
        spec=cluster.image_set(base_model="baseModels/gone", embeddings=[], prompts=["a mascot"],
                               seeds=[1], steps=2), max_attempts=1)))
    for job, state in ((succeeded, v1.JOB_STATE_SUCCEEDED), (cancelled, v1.JOB_STATE_CANCELLED),
                       (failed, v1.JOB_STATE_FAILED)):
        assert job.state == state, job
        after = cancel(cluster, job)
        assert (after.state, after.last_event) == (state, job.last_event)


def moved_model(cluster):
    """A folder with the demo model, which can be moved away."""
    from processes import MODEL
    moved = cluster.folder / "moved"
    moved.symlink_to(MODEL)
    return moved
