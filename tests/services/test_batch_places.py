"""A set is drawn in batches of as many places as when it was begun, whatever the samplers' own have since: each picture
has the same bits."""

import re
import subprocess

import pytest

from cluster import Cluster, api
from processes import BIN, MODEL, wait_for

SET = dict(embeddings=[], prompts=["a mascot in a tree"], seeds=range(8), steps=40, precision="fp32")


def restart_with(cluster, batch):
    cluster.sampler.kill()
    command = cluster.sampler.command
    command[command.index("--batch") + 1] = str(batch)
    cluster.sampler.start()
    wait_for("it is known", lambda: batch in [node.batch for node in cluster.jobs.ListNodes(
        api().ListNodesRequest(), timeout=10).nodes if node.alive])


def test_a_sampler_measures_its_batch(tmp_path):
    v1 = api()
    with Cluster(tmp_path, trainers=0, sampler_flags=["--batch", "0", "--batch-model", MODEL]) as cluster:
        cluster.add_model()
        (node,) = wait_for("it is known", lambda: cluster.jobs.ListNodes(v1.ListNodesRequest(), timeout=10).nodes)
        assert 1 <= node.batch <= 32 and cluster.sampler.metric("imprint_sample_batch") == node.batch
        assert cluster.sampler.metric('imprint_sample_measured_step_seconds{pictures="1"}') > 0
        # Another start may choose another: whatever a set was begun in is fine by it.
        assert node.largest_batch == 32
        job = cluster.finish(cluster.draw(v1.JOB_PRIORITY_NORMAL, **{**SET, "seeds": [1], "steps": 1}, batch_places=32))
        (first, *_) = cluster.items(job.result)
        assert first.computation.batch_places == 32


@pytest.mark.parametrize("flags,said", [
    (["--batch", "0"], "batch-model: got none; expected the base model that --batch 0 measures with"),
    (["--batch-model", MODEL], "none beside --batch 4"),
    (["--batch", "0", "--batch-model", "/nowhere"], "batch-model: "),
    (["--batch", "-1"], "batch: got -1")])
def test_a_batch_that_cannot_be_chosen_is_said(flags, said):
    done = subprocess.run([BIN / "imprint-sampler", "--listen", "127.0.0.1:0", *map(str, flags)], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode != 0 and said in done.stderr, done.stderr


def test_a_set_keeps_its_bits_on_samplers_of_another_batch(tmp_path):
    v1 = api()
    with Cluster(tmp_path, trainers=0, sampler_flags=["--batch", "2"]) as cluster:
        cluster.add_model()

        def draw(**changes):
            return cluster.draw(v1.JOB_PRIORITY_NORMAL, **{**SET, **changes})

        def places(job):
            return {item.computation.batch_places for item in cluster.items(job.result)}

        alone = cluster.finish(draw())
        assert alone.image_set.batch_places == 2
        in_twos = cluster.pictures(alone)

        begun = draw()
        wait_for("it is begun", lambda: cluster.job(begun.name).image_set.batch_places)
        restart_with(cluster, batch=4)
        done = cluster.finish(begun)
        assert cluster.pictures(done) == in_twos
        # Kernels may round a small model's batches of two and of four alike; the record tells them apart.
        assert places(done) == {2}

        # A set that begins now has the places of the sampler; one that asks for two has the same bits as before.
        of_four = cluster.finish(draw())
        assert of_four.image_set.batch_places == 4 and places(of_four) == {4}
        again = cluster.finish(draw(batch_places=2))
        assert cluster.pictures(again) == in_twos and places(again) == {2}
        # One picture of it, drawn again from its record.
        item = next(i for i in cluster.items(of_four.result) if i.request.index == 3)
        assert item.computation.batch_places == 4
        one = cluster.finish(draw(seeds=[item.request.seed], batch_places=item.computation.batch_places))
        assert cluster.pictures(one) == {0: item.sha256}

        # What nobody can draw waits, and says why.
        wide = draw(batch_places=5)
        why = cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=wide.name), timeout=10).summary
        assert re.search(r"no sampler is up whose batches have 5 places", why), why
        assert cluster.finish(draw(seeds=[1])).state == v1.JOB_STATE_SUCCEEDED, "others go on"
        restart_with(cluster, batch=5)
        assert cluster.finish(wide).state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
