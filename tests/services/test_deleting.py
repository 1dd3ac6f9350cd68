"""What may be deleted, what not yet, and what remains of it: nothing."""

import subprocess

import grpc
import pytest

from cluster import api
from processes import BIN


@pytest.fixture(scope="module")
def cluster(cluster_without_nodes):
    return cluster_without_nodes


def refused(call, request):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=10)
    return error.value


@pytest.mark.parametrize("resource", ["baseModels/demo", "referenceSets/pip"])
def test_what_a_waiting_job_needs_stays(cluster, resource):
    v1 = api()
    job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training()))
    call, request = {
        "baseModels/demo": (cluster.registry_api.DeleteBaseModel, v1.DeleteBaseModelRequest),
        "referenceSets/pip": (cluster.registry_api.DeleteReferenceSet, v1.DeleteReferenceSetRequest),
    }[resource]
    error = refused(call, request(name=resource))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    for part in ("name: ", resource, job.name, "PENDING", "cancel it first"):
        assert part in error.details(), error.details()
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
    cluster.finish(job)
    error = refused(call, request(name=resource, etag="0"))
    assert error.code() == grpc.StatusCode.ABORTED and "etag: " in error.details()
    call(request(name=resource), timeout=10)
    assert refused(call, request(name=resource)).code() == grpc.StatusCode.NOT_FOUND
    cluster.add_model()
    cluster.add_references()


def test_a_retry_is_the_same_also_when_the_old_job_is_gone(cluster):
    v1 = api()
    old = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training()))
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=old.name))
    cluster.finish(old)
    request = v1.RetryJobRequest(name=old.name, request_id="again")
    again = cluster.jobs.RetryJob(request)
    cluster.jobs.DeleteJob(v1.DeleteJobRequest(name=old.name))
    assert cluster.jobs.RetryJob(request).name == again.name
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=again.name))
    cluster.finish(again)


def test_nothing_of_a_deleted_set_remains(cluster):
    v1 = api()
    cluster.add_references("twin")
    cluster.registry_api.DeleteReferenceSet(v1.DeleteReferenceSetRequest(name="referenceSets/pip"))
    assert len(blobs(cluster)) == 5, "the other set has the same files"
    cluster.registry_api.DeleteReferenceSet(v1.DeleteReferenceSetRequest(name="referenceSets/twin"))
    assert blobs(cluster) == []
    cluster.add_references()
    cluster.registry.stop()
    checked = subprocess.run([BIN / "imprint-registry", "--fsck", "--data",
                              cluster.folder / "registry"], capture_output=True, text=True)
    cluster.registry.start()
    assert checked.returncode == 0, checked.stdout


def blobs(cluster):
    return [p for p in (cluster.folder / "registry" / "blobs").rglob("*") if p.is_file()]
