"""The main job as a publisher's pipeline does it: Python's grpcio, stubs generated from the protos."""

import hashlib
import io

import grpc
import pytest
import safetensors.numpy
from PIL import Image

from cluster import api


@pytest.fixture(scope="module")
def done(module_cluster):
    """Taught and drawn once, for all tests of this file."""
    cluster, v1 = module_cluster, api()
    cluster.add_model()
    cluster.add_references()
    taught = cluster.jobs.CreateTrainingJob(
        v1.CreateTrainingJobRequest(spec=cluster.training(), request_id="teach pip"), timeout=10)
    training = cluster.finish(taught)
    drawn = cluster.jobs.CreateImageSetJob(
        v1.CreateImageSetJobRequest(spec=cluster.image_set(), labels={"class": "3b"}), timeout=10)
    image_set = cluster.finish(drawn)
    return cluster, training, image_set


def test_a_training_ends_in_a_version_with_its_lineage(done):
    cluster, training, _ = done
    v1 = api()
    assert training.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    assert training.result == "concepts/pip/embeddings/1"
    embedding = cluster.registry_api.GetEmbedding(v1.GetEmbeddingRequest(name="concepts/pip"))
    assert embedding.name == training.result
    assert embedding.lineage.job == training.name
    assert embedding.lineage.reference_set == "referenceSets/pip"
    assert embedding.lineage.training.recipe.steps == 12
    assert embedding.scores.steps == 12
    assert embedding.scores.final_loss > 0 and embedding.scores.norm > 0
    content = cluster.download_embedding(training.result)
    assert hashlib.sha256(content).hexdigest() == embedding.sha256
    tensors = safetensors.numpy.load(content)
    assert list(tensors) == ["<pip>"]
    assert tensors["<pip>"].shape == (embedding.vectors, embedding.width)


def test_every_picture_is_there_and_is_what_was_asked_for(done):
    cluster, _, job = done
    v1 = api()
    assert job.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    assert job.items_done == 4
    image_set = cluster.registry_api.GetImageSet(v1.GetImageSetRequest(name=job.result))
    assert image_set.state == v1.IMAGE_SET_STATE_COMPLETE
    assert image_set.spec.embeddings == ["concepts/pip/embeddings/1"]
    items = cluster.items(job.result)
    asked = [(item.request.prompt, item.request.seed) for item in items]
    assert asked == [(p, s) for p in ("<pip> in the snow", "<pip> in space") for s in (1, 2)]
    for item in items:
        if item.safety.blocked:
            assert not item.sha256
            continue
        content = cluster.download_item(item.name)
        assert hashlib.sha256(content).hexdigest() == item.sha256
        assert Image.open(io.BytesIO(content)).size == (64, 64)


def test_auto_is_what_the_nodes_have_and_is_recorded(done):
    cluster, training, job = done
    v1 = api()
    fastest = {n.kind: n.precisions[0]
               for n in cluster.jobs.ListNodes(v1.ListNodesRequest()).nodes}
    assert training.training.precision == fastest["trainer"]
    assert job.image_set.precision == fastest["sampler"]
    assert {i.request.precision for i in cluster.items(job.result)} == {fastest["sampler"]}
    for item in cluster.items(job.result):
        assert (item.computation.device, item.computation.batch_places) == ("cpu", 4)
        assert item.computation.version and item.computation.device_model


def test_a_precision_that_no_node_has_waits_and_says_so(done):
    cluster, _, _ = done
    v1 = api()
    nodes = cluster.jobs.ListNodes(v1.ListNodesRequest()).nodes
    if any("bf16" in n.precisions for n in nodes):
        pytest.skip("this processor multiplies bf16")
    job = cluster.jobs.CreateImageSetJob(
        v1.CreateImageSetJobRequest(spec=cluster.image_set(precision="bf16")), timeout=10)
    explained = cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=job.name))
    assert explained.summary == \
        "waiting: no sampler is up that computes in bf16; imprint nodes shows them"
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name), timeout=10)
    assert cluster.finish(job).state == v1.JOB_STATE_CANCELLED


def test_a_second_pass_makes_larger_pictures(done):
    cluster, _, _ = done
    v1 = api()
    job = cluster.finish(cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
        spec=cluster.image_set(upscale=1.5, upscale_strength=0.4)), timeout=10))
    assert job.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    shown = [i for i in cluster.items(job.result) if not i.safety.blocked]
    assert shown
    for item in shown:
        assert item.request.upscale == 1.5 and item.request.width == 64
        assert Image.open(io.BytesIO(cluster.download_item(item.name))).size == (96, 96)


def test_events_tell_the_story_and_can_be_read_again_from_anywhere(done):
    cluster, training, image_set = done
    v1 = api()
    events = cluster.watch(training.name)
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    states = [e.state_change.to for e in events if e.HasField("state_change")]
    assert states == [v1.JOB_STATE_PENDING, v1.JOB_STATE_RUNNING, v1.JOB_STATE_FINALIZING,
                      v1.JOB_STATE_SUCCEEDED]
    assert any(e.HasField("progress") for e in events)
    assert any(e.HasField("checkpoint") for e in events)
    assert cluster.watch(training.name, from_event=3) == events[2:]
    pictures = [e.picture.index for e in cluster.watch(image_set.name) if e.HasField("picture")]
    assert sorted(pictures) == [0, 1, 2, 3]


def test_the_same_request_gives_the_same_job(done):
    cluster, training, _ = done
    v1 = api()
    again = cluster.jobs.CreateTrainingJob(
        v1.CreateTrainingJobRequest(spec=cluster.training(), request_id="teach pip"), timeout=10)
    assert again.name == training.name
    with pytest.raises(grpc.RpcError) as error:
        cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
            spec=cluster.training(steps=13), request_id="teach pip"), timeout=10)
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS


def test_jobs_are_listed_by_filter(done):
    cluster, training, image_set = done
    v1 = api()

    def names(text):
        return [j.name for j in cluster.jobs.ListJobs(v1.ListJobsRequest(filter=text)).jobs]

    assert names("kind = training") == [training.name]
    assert names('labels.class = "3b"') == [image_set.name]
    assert names("state = RUNNING") == []


def test_another_training_of_the_concept_is_the_next_version_and_equal(done):
    cluster, training, _ = done
    v1 = api()
    again = cluster.finish(cluster.jobs.RetryJob(v1.RetryJobRequest(name=training.name)))
    assert again.result == "concepts/pip/embeddings/2"
    assert again.retry_of == training.name
    first, second = map(cluster.download_embedding, (training.result, again.result))
    assert safetensors.numpy.load(first)["<pip>"].tobytes() == \
        safetensors.numpy.load(second)["<pip>"].tobytes()


def test_explain_and_nodes_say_what_is(done):
    cluster, training, _ = done
    v1 = api()
    explained = cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=training.name))
    assert explained.summary == "succeeded: concepts/pip/embeddings/1"
    nodes = cluster.jobs.ListNodes(v1.ListNodesRequest()).nodes
    assert [(n.node, n.kind, n.alive) for n in nodes] == [
        ("sampler0", "sampler", True), ("trainer0", "trainer", True)]
    assert all(n.warm_models for n in nodes)
    assert all(n.slots >= n.free_slots >= 1 for n in nodes)


def test_an_item_is_read_and_its_set_deleted(done):
    cluster, _, job = done
    v1 = api()
    first = cluster.items(job.result)[0]
    assert cluster.registry_api.GetItem(v1.GetItemRequest(name=first.name), timeout=10) == first
    cluster.registry_api.DeleteImageSet(v1.DeleteImageSetRequest(name=job.result), timeout=10)
    with pytest.raises(grpc.RpcError) as error:
        cluster.registry_api.GetItem(v1.GetItemRequest(name=first.name), timeout=10)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    assert error.value.details().startswith("name: ")
