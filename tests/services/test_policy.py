"""What a deployment's policy says that prompts may not: at the gateway, and again at the sampler."""

import json

import grpc
import pytest

from cluster import Cluster, api

POLICY = """
blocked:
  - {words: [sword, "blood and gore"], reason: not for this age}
allowed: [paper sword]
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, policy):
    with Cluster(tmp_path_factory.mktemp("guarded"), gateway=["--prompt-policy", policy]) as cluster:
        cluster.add_model()
        cluster.add_references()
        yield cluster


def refused(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    return error.value.details()


@pytest.mark.parametrize("prompt", ["a knight with a SWORD", "a sw0rd", "a (sw\u043erd:1.2)", "blood, and [gore]"])
def test_the_gateway_refuses_what_is_blocked(guarded, prompt):
    said = refused(lambda: guarded.draw(api().JOB_PRIORITY_NORMAL, embeddings=[], prompts=["a cat", prompt]))
    assert said.startswith("spec.prompts[1]: got ") and "not for this age" in said


def test_in_plans_it_names_the_picture(guarded):
    plan = {"prompt": "{who} {what}", "base_model": "baseModels/demo",
            "axes": {"who": ["mia"], "what": {"dog": "with a dog", "toy": "with a sword"}}}
    spec = api().ImageSetSpec(plan=json.dumps(plan))
    for call in (lambda: guarded.jobs.CheckPlan(api().CheckPlanRequest(spec=spec), timeout=30),
                 lambda: guarded.jobs.CreateImageSetJob(api().CreateImageSetJobRequest(spec=spec), timeout=30)):
        said = refused(call)
        assert "spec.plan:1:" in said and "prompt of what=toy/who=mia/1: got \"sword\"" in said


def test_trainings_are_taught_with_no_such_templates(guarded):
    said = refused(lambda: guarded.jobs.CreateTrainingJob(
        api().CreateTrainingJobRequest(spec=guarded.training(templates=["{} with a sword"])), timeout=30))
    assert said.startswith("spec.templates[0]: got \"sword\"")


def test_what_is_allowed_or_kept_out_is_drawn(guarded):
    job = guarded.finish(guarded.draw(api().JOB_PRIORITY_NORMAL, embeddings=[], prompts=["a paper sword", "a cat"],
                                      seeds=[1], negative_prompt="sword, blood and gore"))
    assert job.state == api().JOB_STATE_SUCCEEDED, guarded.log_text()


def test_a_sampler_refuses_what_a_gateway_without_a_policy_lets_through(tmp_path, policy):
    with Cluster(tmp_path, trainers=0, sampler_flags=["--prompt-policy", policy]) as cluster:
        cluster.add_model()
        job = cluster.finish(cluster.draw(api().JOB_PRIORITY_NORMAL, embeddings=[], prompts=["a cat", "a sword"]))
        assert job.state == api().JOB_STATE_FAILED
        assert "got \"sword\"" in job.failure.message and job.items_done == 0
        assert cluster.items(job.image_set.image_set) == []


@pytest.mark.parametrize("server", ["gateway", "sampler"])
def test_a_server_does_not_begin_with_a_policy_that_it_cannot_read(tmp_path, server):
    file = tmp_path / "policy.yaml"
    file.write_text("blokced: [sword]\n")
    cluster = Cluster(tmp_path, trainers=0, gateway=["--prompt-policy", file] if server == "gateway" else (),
                      sampler_flags=["--prompt-policy", file] if server == "sampler" else ())
    process = getattr(cluster, server)
    process.start()
    assert process.process.wait(60) == 2
    assert f"prompt-policy: {file}:1:1: blokced" in process.log.read_text()
