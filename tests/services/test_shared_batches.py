"""Pictures of several jobs share a sampler's batches, and are the same as if each job had been alone."""

import re
import urllib.request

import pytest

from cluster import Cluster, api
from processes import wait_for

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
LONG = dict(embeddings=[], prompts=["a mascot on a bench"], seeds=range(24), steps=40)
# Five pictures do not fill batches of four.
MIXED = [dict(embeddings=[], prompts=["a mascot in a tree"], seeds=range(5), steps=6, solver="ddim"),
         dict(embeddings=[], prompts=["a blue toy"], seeds=range(5), steps=8, solver="euler_a"),
         dict(embeddings=[], prompts=["a red house"], seeds=range(5), steps=10, solver="unipc")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0) as running:
        running.add_model()
        yield running


def create(cluster, spec, priority):
    return cluster.jobs.CreateImageSetJob(api().CreateImageSetJobRequest(
        spec=cluster.image_set(**spec), priority=priority))


def pictures(cluster, job):
    assert job.state == api().JOB_STATE_SUCCEEDED, (job, cluster.log_text())
    return {i.request.index: i.sha256 for i in cluster.items(job.result)}


def empty_places(cluster):
    """Places that no picture had, over all steps so far."""
    text = NO_PROXY.open(f"http://127.0.0.1:{cluster.sampler.metrics_port}/metrics", timeout=10).read().decode()

    def counter(name):
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])

    return counter("imprint_sample_places_total") - counter("imprint_sample_places_taken_total")


def test_sets_of_other_solvers_and_steps_fill_each_others_places(cluster):
    normal = api().JOB_PRIORITY_NORMAL
    before = empty_places(cluster)
    alone = [pictures(cluster, cluster.finish(create(cluster, spec, normal))) for spec in MIXED]
    empty_alone = empty_places(cluster) - before
    assert empty_alone == 3 * (6 + 8 + 10)

    cluster.sampler.stop()
    # Somebody may also have been drawn with the places of the first.
    jobs = [create(cluster, spec, normal) for spec in [LONG, *MIXED]]
    cluster.sampler.start()
    assert [pictures(cluster, cluster.finish(job)) for job in jobs[1:]] == alone
    assert len(pictures(cluster, cluster.finish(jobs[0]))) == 24
    # At the end there may be nobody left to fill them.
    assert empty_places(cluster) <= 3 * 10


def test_a_single_picture_is_drawn_in_the_middle_of_a_bulk_set(cluster):
    v1 = api()
    long = create(cluster, LONG, v1.JOB_PRIORITY_BULK)
    quiet = pictures(cluster, cluster.finish(long))

    long = create(cluster, LONG, v1.JOB_PRIORITY_BULK)
    wait_for("it draws", lambda: cluster.job(long.name).items_done >= 1)
    single = create(cluster, dict(embeddings=[], prompts=["a mascot"], seeds=[7], steps=4),
                    v1.JOB_PRIORITY_INTERACTIVE)
    assert cluster.finish(single).state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    assert cluster.job(long.name).items_done < 24, "it was not waited for"
    done = cluster.finish(long)
    assert pictures(cluster, done) == quiet
