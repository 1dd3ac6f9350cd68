"""Where every slot is taken, long work gives way to what somebody waits for, between its pictures, and is drawn as
if nothing had been."""

import grpc
import pytest

from cluster import Cluster, api
from processes import wait_for

LONG = dict(embeddings=[], prompts=["a mascot on a bench"], seeds=range(24), steps=60)
SHORT = dict(embeddings=[], prompts=["a mascot in a tree"], seeds=[7], steps=4)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """With chunks of an hour a set is one chunk once its pace is known, and only pre-emption ends its run early."""
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, gateway=["--chunk-seconds", "3600"],
                 sampler_flags=["--slots", "1"]) as running:
        running.add_model()
        yield running


def explained(cluster, job):
    return cluster.jobs.ExplainJob(api().ExplainJobRequest(name=job.name), timeout=10)


def test_an_interactive_picture_does_not_wait_for_a_bulk_set(cluster):
    v1 = api()
    quiet = cluster.finish(cluster.draw(v1.JOB_PRIORITY_BULK, **LONG))
    assert quiet.state == v1.JOB_STATE_SUCCEEDED

    long = cluster.draw(v1.JOB_PRIORITY_BULK, **LONG)
    wait_for("it draws", lambda: cluster.job(long.name).items_done >= 1)
    short = cluster.draw(v1.JOB_PRIORITY_INTERACTIVE, **SHORT)
    assert cluster.finish(short).state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    meanwhile = cluster.job(long.name)
    assert 1 <= meanwhile.items_done < 24, "it was not waited for"

    done = cluster.finish(long)
    assert done.state == v1.JOB_STATE_SUCCEEDED, (done, cluster.log_text())
    assert cluster.pictures(done) == cluster.pictures(quiet)
    given_way = [e.attempt_change for e in cluster.watch(long.name)
                 if "pre-empted by" in e.attempt_change.reason]
    assert given_way, [e.attempt_change for e in cluster.watch(long.name)]


def test_work_of_the_same_priority_waits_and_is_told_for_whom(cluster):
    v1 = api()
    long = cluster.draw(v1.JOB_PRIORITY_NORMAL, **LONG)
    wait_for("it draws", lambda: cluster.job(long.name).items_done >= 1)
    waiting = cluster.draw(v1.JOB_PRIORITY_NORMAL, **SHORT)
    why = explained(cluster, waiting)
    assert why.state == v1.JOB_STATE_PENDING
    (holder,) = why.holders
    assert (holder.job, holder.node, holder.priority) == (long.name, "sampler0", v1.JOB_PRIORITY_NORMAL)
    assert holder.start_time.seconds > 0
    assert f"held by {long.name} on sampler0" in why.summary, why.summary
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=long.name))
    assert cluster.finish(waiting).state == v1.JOB_STATE_SUCCEEDED


def test_an_operator_caps_what_a_job_asks_for(tmp_path):
    v1 = api()
    caps = ["--max-picture-side", "64", "--max-draw-steps", "10", "--max-items", "8",
            "--max-training-steps", "50"]
    with Cluster(tmp_path, trainers=0, samplers=0, gateway=caps) as cluster:
        cluster.add_model()
        cluster.add_references()
        cases = [
            (cluster.image_set(embeddings=[], prompts=["a"], width=128, height=64), "spec.width: got 128", "side"),
            (cluster.image_set(embeddings=[], prompts=["a"], steps=11), "spec.steps: got 11", "draw-steps"),
            (cluster.image_set(embeddings=[], prompts=["a"], seeds=range(9)), "got 9", "max-items"),
            (cluster.training(steps=51), "spec.recipe.steps: got 51", "training-steps"),
        ]
        for spec, field, flag in cases:
            with pytest.raises(grpc.RpcError) as error:
                if isinstance(spec, v1.TrainingSpec):
                    cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=spec))
                else:
                    cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(spec=spec))
            assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT, error.value
            assert field in error.value.details() and flag in error.value.details(), error.value
        cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
            spec=cluster.image_set(embeddings=[], prompts=["a"], seeds=range(8), steps=10)))
