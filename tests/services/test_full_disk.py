"""A disk that is full stops jobs with a reason, loses nothing, and is no more than a wait."""

import contextlib
import subprocess

import grpc
import pytest

import cluster as services

MEGABYTES = 24


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def cluster_on(tmp_path, disks):
    with services.Cluster(tmp_path, disks=disks) as running:
        running.add_model()
        running.add_references()
        yield running


@contextlib.contextmanager
def full(disk):
    """Takes all that is left of a disk, and gives it back."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        path.unlink()


def explained(cluster, job):
    answer = cluster.jobs.ExplainJob(services.api().ExplainJobRequest(name=job.name), timeout=10)
    return "\n".join([answer.summary, *answer.attempts])


def check_registry(cluster):
    cluster.registry.stop()
    subprocess.run([services.BIN / "imprint-registry", "--fsck", *cluster.registry.command[-2:]],
                   check=True, capture_output=True)


def test_pictures_wait_for_room_in_the_registry(tmp_path, disk, api):
    with cluster_on(tmp_path, {"registry": disk}) as cluster:
        spec = cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=range(40), steps=25)
        job = cluster.jobs.CreateImageSetJob(api.CreateImageSetJobRequest(spec=spec))
        services.wait_for("some are done", lambda: cluster.job(job.name).items_done > 2)
        with full(disk):
            services.wait_for("the job says that the disk is full",
                               lambda: "disk is full" in explained(cluster, job))
            waiting = cluster.job(job.name)
            assert waiting.state in (api.JOB_STATE_PENDING, api.JOB_STATE_RUNNING)
            assert 2 < waiting.items_done < 40
        done = cluster.finish(job)
        assert done.state == api.JOB_STATE_SUCCEEDED, done
        assert len(cluster.items(done.result)) == done.items_done == 40
        check_registry(cluster)


def test_an_embedding_waits_for_room_in_the_registry(tmp_path, disk, api):
    with cluster_on(tmp_path, {"registry": disk}) as cluster:
        job = cluster.jobs.CreateTrainingJob(api.CreateTrainingJobRequest(
            spec=cluster.training(steps=40, checkpoint_every=20)))
        services.wait_for("it computes", lambda: cluster.job(job.name).progress.step > 0)
        with full(disk):
            services.wait_for("the job says what keeps it", lambda: "not in the registry yet"
                               in explained(cluster, job))
            assert cluster.job(job.name).state == api.JOB_STATE_FINALIZING
        done = cluster.finish(job)
        assert done.state == api.JOB_STATE_SUCCEEDED, done
        check_registry(cluster)


def test_a_gateway_without_room_refuses_jobs_and_keeps_those_it_has(tmp_path, disk, api):
    with cluster_on(tmp_path, {"gateway": disk}) as cluster:
        running = cluster.jobs.CreateTrainingJob(api.CreateTrainingJobRequest(
            spec=cluster.training(steps=60, checkpoint_every=10)))
        services.wait_for("it computes", lambda: cluster.job(running.name).progress.step > 0)
        accepted = []
        with full(disk):
            with pytest.raises(grpc.RpcError) as refused:
                while True:  # the database has some room of its own left
                    accepted.append(cluster.jobs.CreateTrainingJob(
                        api.CreateTrainingJobRequest(spec=cluster.training(concept_name="concepts/p", token="<p>")),
                        timeout=20))
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "disk is full" in refused.value.details()
            for job in accepted:
                assert cluster.job(job.name).name == job.name
            services.wait_for("the job says what keeps it", lambda: "the gateway cannot" in explained(cluster, running)
                              and "disk is full" in explained(cluster, running))
        said = [line for line in cluster.gateway.log.read_text().splitlines() if "disk is full" in line]
        # Once a minute from each of the places where it is met, not with every try.
        assert 0 < len(said) < 10, said
        for job in accepted:
            cluster.patiently(cluster.jobs.CancelJob, api.CancelJobRequest(name=job.name))
        done = cluster.finish(running)
        assert done.state == api.JOB_STATE_SUCCEEDED, done
        again = cluster.jobs.CreateTrainingJob(api.CreateTrainingJobRequest(spec=cluster.training()))
        assert cluster.finish(again).state == api.JOB_STATE_SUCCEEDED
