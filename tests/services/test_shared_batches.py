"""Pictures of several jobs share a sampler's batches, and are the same as if each job had been alone."""

import pytest

from cluster import Cluster, api
from processes import wait_for

# One chunk, whose end nothing here waits for.
LONG = dict(embeddings=[], prompts=["a mascot on a bench"], seeds=range(32), steps=200)
# Five pictures do not fill batches of four.
MIXED = [dict(embeddings=[], prompts=["a mascot in a tree"], seeds=range(5), steps=6, solver="ddim"),
         dict(embeddings=[], prompts=["a blue toy"], seeds=range(5), steps=8, solver="euler_a"),
         dict(embeddings=[], prompts=["a red house"], seeds=range(5), steps=10, solver="unipc")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    # Chunks of an hour: a set is one chunk once its pace is known, and only pre-emption ends its run early.
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, gateway=["--chunk-seconds", "3600"],
                 sampler_flags=["--slots", "4"]) as running:
        running.add_model()
        yield running


def empty_places(cluster):
    """Places that no picture had, over all steps so far."""
    return (cluster.sampler.metric("imprint_sample_places_total")
            - cluster.sampler.metric("imprint_sample_places_taken_total"))


def test_sets_of_other_solvers_and_steps_are_drawn_together_as_each_alone(cluster):
    v1 = api()
    alone = [cluster.pictures(cluster.finish(cluster.draw(v1.JOB_PRIORITY_NORMAL, **spec))) for spec in MIXED]
    wait_for("its places are counted", lambda: empty_places(cluster) == 3 * (6 + 8 + 10))

    long = cluster.draw(v1.JOB_PRIORITY_BULK, **LONG)
    wait_for("it draws", lambda: cluster.job(long.name).items_done >= 1)
    jobs = [cluster.draw(v1.JOB_PRIORITY_NORMAL, **spec) for spec in MIXED]
    assert [cluster.pictures(cluster.finish(job)) for job in jobs] == alone
    # They stepped first, in the middle of its pictures.
    assert cluster.job(long.name).state == v1.JOB_STATE_RUNNING

    # Whatever the three left empty, pictures of the bulk set filled, and nothing of it was given up.
    assert len([e for e in cluster.watch_some(long.name) if e.HasField("attempt_change")]) == 1
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=long.name))
    assert cluster.finish(long).state == v1.JOB_STATE_CANCELLED
    # A job may be over before its sampler has ended the step that it was in.
    wait_for("the sampler stops", lambda: cluster.sampler.metric('imprint_runs_total{result="stopped"}') == 1)
    wait_for("its last step is counted", lambda: empty_places(cluster) == 3 * (6 + 8 + 10))
