"""Which jobs are taken, how often, how many, and how they are listed."""

import concurrent.futures

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cluster import Cluster, api

LIMIT = 50


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Without nodes: what is taken waits."""
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, samplers=0,
                 gateway=["--max-live-jobs-per-tenant", str(LIMIT)]) as running:
        running.add_model()
        running.add_references()
        yield running


def end_all(cluster):
    v1 = api()
    for job in cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000)).jobs:
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
        cluster.finish(job)
        cluster.jobs.DeleteJob(v1.DeleteJobRequest(name=job.name))


def test_a_thousand_creates_with_one_request_id_make_one_job(cluster):
    v1 = api()
    request = v1.CreateTrainingJobRequest(spec=cluster.training(), request_id="a thousand")
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        names = set(pool.map(lambda _: cluster.patiently(cluster.jobs.CreateTrainingJob,
                                                         request).name, range(1000)))
    assert len(names) == 1
    assert [j.name for j in cluster.jobs.ListJobs(v1.ListJobsRequest()).jobs] == list(names)
    end_all(cluster)


def test_a_flood_ends_in_resource_exhausted_with_a_time_to_come_back(cluster):
    v1 = api()
    refused = []

    def flood(_):
        try:
            cluster.jobs.CreateTrainingJob(
                v1.CreateTrainingJobRequest(spec=cluster.training()), timeout=30)
        except grpc.RpcError as error:
            refused.append(error)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(flood, range(2 * LIMIT)))
        before = cluster.gateway.rss()
        list(pool.map(flood, range(1000)))
    assert len(refused) == 1000 + LIMIT
    assert {e.code() for e in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    retry = error_details_pb2.RetryInfo()
    assert any(d.Unpack(retry) for d in rpc_status.from_call(refused[0]).details
               if d.Is(retry.DESCRIPTOR)) and retry.retry_delay.seconds > 0
    assert cluster.gateway.rss() < before * 1.5 + (8 << 20)
    assert len(cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000)).jobs) == LIMIT
    end_all(cluster)


def test_pages_of_large_jobs_are_smaller_and_none_is_left_out(cluster):
    v1 = api()
    prompts = [f"{i} ".ljust(1900, "x") for i in range(1000)]
    made = {cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
        spec=cluster.image_set(embeddings=[], prompts=prompts, seeds=[1]))).name
        for _ in range(10)}
    pages, token = [], ""
    while True:
        page = cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000, page_token=token))
        pages.append([j.name for j in page.jobs])
        token = page.next_page_token
        if not token:
            break
    assert len(pages) > 1
    assert sorted(sum(pages, [])) == sorted(made)
    end_all(cluster)


@pytest.mark.parametrize("changes, parts", [
    (dict(token="dog"), ["spec.token: ", '"dog"', "vocabulary"]),
    (dict(size=4096), ["spec.size: got 4096", "2048"]),
    (dict(ranks=3), ["spec.ranks: got 3", "1 to 2, the samples of a step"]),
    (dict(ranks=2, min_ranks=3), ["spec.min_ranks: got 3", "1 to 2"]),
    (dict(reference_set="referenceSets/none"), ["spec.reference_set: ", "referenceSets/none"]),
    (dict(base_model="baseModels/none"), ["spec.base_model: ", "baseModels/none"]),
])
def test_a_training_that_cannot_be_done_is_not_taken(cluster, changes, parts):
    v1 = api()
    with pytest.raises(grpc.RpcError) as error:
        cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training(**changes)))
    assert error.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    assert all(part in error.value.details() for part in parts), error.value.details()


def test_a_set_with_two_concepts_of_one_token_is_not_taken(cluster):
    v1 = api()
    content = (cluster.folder / "mine.safetensors")
    import numpy
    import safetensors.numpy
    width = cluster.registry_api.GetBaseModel(
        v1.GetBaseModelRequest(name="baseModels/demo")).embedding_width
    safetensors.numpy.save_file({"<rex>": numpy.ones((1, width), numpy.float32)}, content)
    for concept in ("rex", "other"):
        cluster.registry_api.ImportEmbedding(v1.ImportEmbeddingRequest(
            parent=f"concepts/{concept}", content=content.read_bytes(), token="<rex>",
            class_word="dog", rights=v1.Rights(creator="Imprint", licence="Apache-2.0",
                                               people=v1.PEOPLE_SHOWN_NONE)))
    with pytest.raises(grpc.RpcError) as error:
        cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(spec=cluster.image_set(
            embeddings=["concepts/rex", "concepts/other"])))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "spec.embeddings[1]: " in error.value.details() and "is taken" in error.value.details()
