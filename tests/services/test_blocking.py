"""A version that somebody blocks or deletes draws nothing more; the rights of the pictures that it was taught
from stay known, whoever deletes those."""

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cluster import api
from processes import wait_for

VERSION = "concepts/pip/embeddings/1"


@pytest.fixture(scope="module")
def cluster(module_cluster):
    """After a training."""
    v1 = api()
    module_cluster.add_model()
    module_cluster.add_references()
    taught = module_cluster.finish(module_cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
        spec=module_cluster.training(), labels={"class": "3b"})))
    assert taught.result == VERSION, module_cluster.log_text()
    return module_cluster


def refused(call, request):
    with pytest.raises(grpc.RpcError) as error:
        answer = call(request, timeout=30)
        list(answer)
    return error.value


def reason(error):
    info = error_details_pb2.ErrorInfo()
    assert any(d.Unpack(info) for d in rpc_status.from_call(error).details if d.Is(info.DESCRIPTOR)), error
    return info.reason


def draw(cluster, **changes):
    v1 = api()
    return v1.CreateImageSetJobRequest(spec=cluster.image_set(**changes), labels={"book": "7"})


def test_a_job_that_draws_with_a_blocked_version_ends(cluster):
    v1 = api()
    before = cluster.finish(cluster.jobs.CreateImageSetJob(draw(cluster)))
    assert before.state == v1.JOB_STATE_SUCCEEDED
    running = cluster.jobs.CreateImageSetJob(draw(cluster, seeds=range(200), steps=20))
    wait_for("some are drawn", lambda: cluster.job(running.name).items_done > 1)
    blocked = cluster.registry_api.BlockEmbedding(
        v1.BlockEmbeddingRequest(name=VERSION, reason="a guardian has asked"), timeout=30)
    assert blocked.state == v1.EMBEDDING_STATE_BLOCKED and blocked.state_reason == "a guardian has asked"
    ended = cluster.finish(running)
    assert ended.state == v1.JOB_STATE_FAILED, ended
    assert ended.failure.reason == "EMBEDDING_BLOCKED" and VERSION in ended.failure.message, ended
    assert 0 < ended.items_done < 400

    error = refused(cluster.jobs.CreateImageSetJob, draw(cluster))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and reason(error) == "EMBEDDING_BLOCKED"
    for part in ("spec.embeddings[0]: ", VERSION, "a guardian has asked"):
        assert part in error.details(), error
    error = refused(cluster.registry_api.DownloadEmbedding, v1.DownloadEmbeddingRequest(name=VERSION))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and reason(error) == "EMBEDDING_BLOCKED"

    cluster.registry_api.UnblockEmbedding(v1.UnblockEmbeddingRequest(name=VERSION), timeout=30)
    after = cluster.finish(cluster.jobs.CreateImageSetJob(draw(cluster)))
    assert after.state == v1.JOB_STATE_SUCCEEDED
    assert [i.sha256 for i in cluster.items(after.result)] == [i.sha256 for i in cluster.items(before.result)]


def test_what_a_job_makes_has_its_labels(cluster):
    v1 = api()
    version = cluster.registry_api.GetEmbedding(v1.GetEmbeddingRequest(name=VERSION), timeout=30)
    assert dict(version.labels) == {"class": "3b"}
    drawn = cluster.finish(cluster.jobs.CreateImageSetJob(draw(cluster, seeds=[1])))
    assert dict(cluster.registry_api.GetImageSet(
        v1.GetImageSetRequest(name=drawn.result), timeout=30).labels) == {"book": "7"}


def test_the_rights_of_deleted_pictures_stay_with_what_was_taught_from_them(cluster):
    v1 = api()
    drawn = cluster.finish(cluster.jobs.CreateImageSetJob(draw(cluster, seeds=[2])))
    gone = cluster.registry_api.DeleteReferenceSet(
        v1.DeleteReferenceSetRequest(name="referenceSets/pip"), timeout=30)
    assert list(gone.embeddings) == [VERSION]
    assert drawn.result in gone.image_sets
    rights = cluster.registry_api.GetEmbedding(
        v1.GetEmbeddingRequest(name=VERSION), timeout=30).lineage.reference_rights
    assert (rights.creator, rights.licence, rights.people) == ("Imprint", "Apache-2.0", v1.PEOPLE_SHOWN_NONE)

    deleted = cluster.registry_api.DeleteEmbedding(
        v1.DeleteEmbeddingRequest(name=VERSION, reason="no longer allowed"), timeout=30)
    assert drawn.result in deleted.image_sets
    version = cluster.registry_api.GetEmbedding(v1.GetEmbeddingRequest(name=VERSION), timeout=30)
    assert version.state == v1.EMBEDDING_STATE_DELETED and version.state_reason == "no longer allowed"
    assert version.lineage.reference_rights == rights, "it is still known what the pictures stem from"
    error = refused(cluster.jobs.CreateImageSetJob, draw(cluster, embeddings=[VERSION]))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and reason(error) == "EMBEDDING_DELETED"
    error = refused(cluster.registry_api.UnblockEmbedding, v1.UnblockEmbeddingRequest(name=VERSION))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert len(cluster.items(drawn.result)) == 2, "pictures stay"
