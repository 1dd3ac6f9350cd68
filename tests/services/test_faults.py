"""Every process is killed, paused or stopped while jobs run: what was accepted ends in the right state, and
the result is the undisturbed run's, bit for bit."""

import os
import random
import subprocess
import time

import pytest
import safetensors.numpy

from cluster import Cluster, api
from processes import BIN, wait_for

STEPS = 150
# Each takes half a minute; the nightly test has more of them.
KILL_ROUNDS = int(os.environ.get("IMPRINT_KILL_ROUNDS", "3"))


def training_bytes(cluster, job):
    content = cluster.download_embedding(job.result)
    return safetensors.numpy.load(content)["<pip>"].tobytes()


def pictures(cluster, job):
    return [(i.request.index, i.sha256) for i in cluster.items(job.result)]


def create(cluster, spec, request_id):
    v1 = api()
    if isinstance(spec, v1.TrainingSpec):
        return cluster.patiently(cluster.jobs.CreateTrainingJob, v1.CreateTrainingJobRequest(
            spec=spec, request_id=request_id, max_attempts=100))
    return cluster.patiently(cluster.jobs.CreateImageSetJob, v1.CreateImageSetJobRequest(
        spec=spec, request_id=request_id, max_attempts=100))


def specs(cluster):
    training = cluster.training(steps=STEPS, checkpoint_every=10)
    image_set = cluster.image_set(embeddings=["concepts/pip/embeddings/1"], seeds=range(1, 25),
                                  steps=10)
    return training, image_set


def fsck(cluster):
    return subprocess.run([BIN / "imprint-registry", "--fsck", "--data", cluster.registry.folder /
                           "registry"], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def undisturbed(module_cluster):
    cluster = module_cluster
    cluster.add_model()
    cluster.add_references()
    training, image_set = specs(cluster)
    taught = cluster.finish(create(cluster, training, "quiet training"))
    drawn = cluster.finish(create(cluster, image_set, "quiet set"))
    assert taught.state == drawn.state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    return cluster, training_bytes(cluster, taught), pictures(cluster, drawn)


@pytest.mark.parametrize("round_number", range(KILL_ROUNDS))
def test_kill_9_of_any_process_changes_nothing(undisturbed, round_number):
    cluster, embedding, drawn = undisturbed
    v1 = api()
    rng = random.Random(round_number)
    training, image_set = specs(cluster)
    taught_job = create(cluster, training, f"training {round_number}")
    drawn_job = create(cluster, image_set, f"set {round_number}")
    victims = list(cluster.processes)
    rng.shuffle(victims)
    for victim in victims:
        time.sleep(rng.uniform(0.2, 1.2))
        victim.kill()
        time.sleep(rng.uniform(0, 0.5))
        victim.start()
        wait_for(f"{victim.name} is ready again", victim.ready)
    taught, redrawn = cluster.finish(taught_job), cluster.finish(drawn_job)
    assert taught.state == v1.JOB_STATE_SUCCEEDED, (taught, cluster.log_text())
    assert redrawn.state == v1.JOB_STATE_SUCCEEDED, (redrawn, cluster.log_text())
    assert training_bytes(cluster, taught) == embedding
    assert pictures(cluster, redrawn) == drawn


def test_a_killed_rank_is_an_event_with_a_reason_and_the_trainer_goes_on(undisturbed):
    cluster, embedding, _ = undisturbed
    agent = cluster.trainer.process.pid
    job = create(cluster, specs(cluster)[0], "rank killed")
    wait_for("a checkpoint", lambda: cluster.job(job.name).progress.step > 10)
    ranks = subprocess.run(["pgrep", "-P", str(agent)], capture_output=True, text=True).stdout.split()
    assert ranks
    for rank in ranks:
        subprocess.run(["kill", "-9", rank], check=True)
    done = cluster.finish(job)
    assert done.state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    assert training_bytes(cluster, done) == embedding
    reasons = [e.attempt_change.reason for e in cluster.watch(job.name)
               if e.HasField("attempt_change") and e.attempt_change.reason]
    assert any("signal 9" in reason for reason in reasons), reasons
    assert cluster.trainer.process.pid == agent and cluster.trainer.process.poll() is None


def test_a_paused_trainer_that_wakes_up_cannot_commit(tmp_path):
    v1 = api()
    with Cluster(tmp_path, trainers=2, samplers=0) as cluster:
        cluster.add_model()
        cluster.add_references()
        job = create(cluster, cluster.training(steps=STEPS, checkpoint_every=10), "paused")
        wait_for("progress", lambda: cluster.job(job.name).progress.step > 5)
        first = next(e.node for e in cluster.watch_some(job.name) if e.node)
        slow = next(t for t in cluster.trainers if t.name == first)
        ranks = subprocess.run(["pgrep", "-P", str(slow.process.pid)], capture_output=True,
                               text=True).stdout.split()
        slow.pause()
        for rank in ranks:
            subprocess.run(["kill", "-STOP", rank], check=True)
        wait_for("the other node has it", lambda: cluster.job(job.name).attempts == 2)
        for rank in ranks:
            subprocess.run(["kill", "-CONT", rank], check=True)
        slow.resume()
        done = cluster.finish(job)
        assert done.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
        events = cluster.watch(job.name)
        succeeded = [e for e in events if e.attempt_change.state == v1.ATTEMPT_STATE_SUCCEEDED]
        assert [e.attempt for e in succeeded] == [2]
        versions = cluster.registry_api.ListEmbeddings(
            v1.ListEmbeddingsRequest(parent="concepts/pip")).embeddings
        assert len(versions) == 1


def test_a_paused_sampler_that_wakes_up_cannot_commit(tmp_path):
    v1 = api()
    with Cluster(tmp_path, trainers=0, samplers=2) as cluster:
        cluster.add_model()
        # A chunk is one batch here: its pictures end together, after seconds, so a sampler that is paused as it
        # begins has none done.
        spec = cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=range(12), steps=100)
        job = create(cluster, spec, "paused")
        first = wait_for("a sampler begins", lambda: next(
            (e for e in cluster.watch_some(job.name) if e.HasField("attempt_change")), None))
        slow = next(s for s in cluster.samplers if s.name == first.node)
        slow.pause()
        wait_for("the other node has it", lambda: any(
            e.chunk == first.chunk and e.attempt == 2 for e in cluster.watch_some(job.name)), seconds=240)
        slow.resume()
        done = cluster.finish(job)
        assert done.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
        events = cluster.watch(job.name)
        drawn = [e.picture.index for e in events if e.HasField("picture")]
        assert sorted(drawn) == list(range(12)), "each once"
        succeeded = [(e.chunk, e.attempt) for e in events
                     if e.attempt_change.state == v1.ATTEMPT_STATE_SUCCEEDED]
        assert any(chunk == first.chunk and attempt > 1 for chunk, attempt in succeeded)
        assert len({chunk for chunk, _ in succeeded}) == len(succeeded), "each chunk once"
        assert len(cluster.items(done.result)) == done.items_done == 12


def test_a_drained_trainer_gives_its_run_back_with_a_checkpoint(undisturbed):
    cluster, embedding, _ = undisturbed
    v1 = api()
    job = create(cluster, specs(cluster)[0], "drained")
    wait_for("progress", lambda: cluster.job(job.name).progress.step > 15)
    assert cluster.trainer.stop() == 0
    cluster.trainer.start()
    wait_for("the trainer is back", cluster.trainer.ready)
    done = cluster.finish(job)
    assert done.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    assert training_bytes(cluster, done) == embedding
    changes = [e.attempt_change for e in cluster.watch(job.name) if e.HasField("attempt_change")]
    assert changes[1].state == v1.ATTEMPT_STATE_STOPPED, changes


def test_nothing_is_left_over(undisturbed):
    """After all of the above: no blob without an owner, none missing or damaged."""
    cluster, _, _ = undisturbed
    cluster.registry.stop()
    checked = fsck(cluster)
    cluster.registry.start()
    wait_for("the registry is back", cluster.registry.ready)
    assert checked.returncode == 0, checked.stdout + checked.stderr
