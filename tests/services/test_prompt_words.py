"""What the prompts of a set name: misspelt tokens refuse it, softer doubts are warnings on the job."""

import grpc
import numpy
import pytest
import safetensors.numpy

from cluster import Cluster, api

RIGHTS = dict(creator="Imprint", licence="Apache-2.0")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Without nodes: what is taken waits. Concepts rex and rexy have the same token, pip another."""
    v1 = api()
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, samplers=0) as running:
        model = running.add_model()
        running.add_references()
        for concept, token in (("rex", "<rex>"), ("rexy", "<rex>"), ("pip", "<pip>")):
            content = safetensors.numpy.save({token: numpy.ones((1, model.embedding_width), numpy.float32)})
            running.registry_api.ImportEmbedding(v1.ImportEmbeddingRequest(
                parent=f"concepts/{concept}", content=content, token=token, class_word="dog",
                rights=v1.Rights(people=v1.PEOPLE_SHOWN_NONE, **RIGHTS)))
        yield running


def create(cluster, **changes):
    v1 = api()
    return cluster.jobs.CreateImageSetJob(
        v1.CreateImageSetJobRequest(spec=cluster.image_set(**{"embeddings": ["concepts/pip"], **changes})), timeout=30)


@pytest.mark.parametrize("changes,parts", [
    (dict(prompts=["<pip> asleep", "<pop> asleep"]), ['spec.prompts[1]: got "<pop>"', "<pip>", "angle_brackets_are_text"]),
    (dict(prompts=["<rex> asleep"]), ['spec.prompts[0]: got "<rex>"', "concepts/rex or concepts/rexy"]),
    (dict(embeddings=[], prompts=["<pip> asleep"]), ['spec.prompts[0]: got "<pip>"', "an embedding of concepts/pip"]),
    (dict(prompts=["<pip>"], negative_prompt="<ugly>"), ['spec.negative_prompt: got "<ugly>"']),
    (dict(prompts=["<pip> <lora:snow:0.8>"]), ['spec.prompts[0]: got "<lora:snow:0.8>"', "network"]),
])
def test_a_word_that_is_no_token_refuses_the_set(cluster, changes, parts):
    with pytest.raises(grpc.RpcError) as error:
        create(cluster, **changes)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert all(part in error.value.details() for part in parts), error.value.details()
    # Whoever means it says so.
    assert not [w for w in create(cluster, angle_brackets_are_text=True, **changes).warnings if "<pop>" in w]


def test_softer_doubts_are_warnings_on_the_job_and_in_its_explanation(cluster):
    v1 = api()
    longer = "<rex> " + "a b " * 350
    job = create(cluster, embeddings=["concepts/pip", "concepts/rex"], prompts=["<rex> asleep", longer], width=136, height=64)
    for part in ("spec.embeddings[0]: no prompt has <pip>", "concepts/rexy has one of their tokens",
                 "spec.prompts[1]: the first 600 of its 701 tokens", "spec.width: 136 is more than 2 times"):
        assert any(part in warning for warning in job.warnings), job.warnings
    assert len(job.warnings) == 4
    assert cluster.job(job.name).warnings == job.warnings
    assert cluster.jobs.ExplainJob(v1.ExplainJobRequest(name=job.name)).warnings == job.warnings


def test_there_are_a_hundred_warnings_at_most(cluster):
    job = create(cluster, prompts=["<pip> " + "a b " * 350 + str(i) for i in range(120)])
    assert len(job.warnings) == 100


def test_a_token_that_another_concept_has_is_said_as_it_is_taught(cluster):
    v1 = api()
    job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
        spec=cluster.training(concept_name="concepts/pippin", token="<PIP>")))
    assert any("concepts/pip has <PIP>" in warning for warning in job.warnings), job.warnings
    assert not cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training())).warnings


def test_a_concept_that_is_baked_into_the_model_is_known(cluster, tmp_path):
    """As Diffusers saves a pipeline that has loaded one."""
    from diffusers import StableDiffusionPipeline
    import torch

    from cluster import MODEL

    pipe = StableDiffusionPipeline.from_pretrained(MODEL, safety_checker=None)
    pipe.load_textual_inversion({"<baked>": torch.ones(1, pipe.text_encoder.config.hidden_size)})
    pipe.save_pretrained(tmp_path / "baked")
    cluster.add_model("baked", tmp_path / "baked")
    baked = dict(base_model="baseModels/baked", embeddings=[], prompts=["<baked> asleep"])
    assert not create(cluster, **baked).warnings
    with pytest.raises(grpc.RpcError, match="<baked>"):
        create(cluster, **dict(baked, base_model="baseModels/demo"))
