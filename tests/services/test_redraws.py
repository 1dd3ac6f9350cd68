"""Pictures that are drawn again from their records alone, and what is said where that cannot be done."""

import hashlib
import json
import shutil

import grpc
import pytest
from safetensors.numpy import load_file, save_file

from cluster import api
from processes import MODEL
from test_plans import PLAN, draw

def create(cluster, **fields):
    redraw = dict(image_set=fields.pop("image_set"), items=fields.pop("items"))
    return cluster.jobs.CreateImageSetJob(
        api().CreateImageSetJobRequest(spec=api().ImageSetSpec(redraw=redraw, **fields)), timeout=30)


@pytest.fixture(scope="module")
def drawn(module_cluster):
    module_cluster.add_model()
    job, items = draw(module_cluster, PLAN | {"retries": 2})
    return module_cluster, job, items


def test_pictures_are_drawn_again_to_the_same_bits(drawn):
    """Some of a plan, in another order, with settings, sizes and seeds of their own."""
    cluster, job, items = drawn
    before = {item.request.index: item for item in items.values()}
    again = cluster.finish(create(cluster, image_set=job.result, items=[4, 1, 3], title="Again"))
    assert again.state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    assert (again.items_total, again.image_set.title) == (3, "Again")
    for place, item in enumerate(cluster.items(again.result)):
        old = before[[4, 1, 3][place]]
        assert (item.request.index, item.request.position, item.request.redraw_of) == (
            place, old.request.index, old.name)
        assert (item.sha256, item.safety.blocked) == (old.sha256, old.safety.blocked)
        assert (item.request.key, item.request.seed, item.request.steps) == (
            old.request.key, old.request.seed, old.request.steps)
        assert item.computation == old.computation


def test_a_pipeline_plans_draws_downloads_and_draws_three_again(drawn):
    """A publisher's program, from the plan to a hundred files and the proof that they can be made again."""
    cluster, _, _ = drawn
    plan = {"title": "Four in a class", "base_model": "baseModels/demo", "prompt": "{who} {where}", "steps": 2,
            "count": 25, "alt_text": {"en": "{who} {where}"},
            "axes": {"who": {"mia": {"text": "mia", "alt_text": {"en": "Mia"}},
                             "omar": {"text": "omar", "alt_text": {"en": "Omar"}}},
                     "where": {"class": {"text": "in a classroom", "alt_text": {"en": "in class"}},
                               "grass": {"text": "on the grass", "alt_text": {"en": "outside"}}}},
            "quotas": [{"each": "who", "where": {"where": "class"}, "at_least": "50%"}]}
    check = cluster.jobs.CheckPlan(api().CheckPlanRequest(spec=api().ImageSetSpec(plan=json.dumps(plan))), timeout=30)
    assert check.pictures == 100 and all(quota.met for quota in check.quotas)
    job, items = draw(cluster, plan)
    manifest = []
    for key, item in items.items():
        if not item.safety.blocked:
            content = cluster.download_item(item.name)
            assert hashlib.sha256(content).hexdigest() == item.sha256
        manifest.append({"key": key, "seed": item.request.seed, "alt": item.request.alt_text["en"]})
    assert len(manifest) == 100 and {entry["alt"] for entry in manifest} == {
        "Mia in class", "Mia outside", "Omar in class", "Omar outside"}
    three = [items[key] for key in list(items)[10:100:40]]
    again = cluster.finish(create(cluster, image_set=job.result, items=[item.request.index for item in three]))
    assert [item.sha256 for item in cluster.items(again.result)] == [item.sha256 for item in three]


def test_prompts_with_seeds_are_drawn_again_too_and_so_are_redraws(drawn):
    cluster, _, _ = drawn
    first = cluster.finish(cluster.draw(api().JOB_PRIORITY_NORMAL, embeddings=[],
                                        prompts=["a red mascot", "a blue mascot"]))
    again = cluster.finish(create(cluster, image_set=first.result, items=[3]))
    third = cluster.finish(create(cluster, image_set=again.result, items=[0]))
    [item] = cluster.items(third.result)
    assert item.sha256 == cluster.items(first.result)[3].sha256
    assert item.request.position == 3, "its place is that of its first drawing"


def test_a_retry_draws_again_what_was_drawn_again(drawn):
    cluster, job, _ = drawn
    again = cluster.finish(create(cluster, image_set=job.result, items=[2]))
    retried = cluster.finish(cluster.jobs.RetryJob(api().RetryJobRequest(name=again.name), timeout=30))
    assert [i.sha256 for i in cluster.items(retried.result)] == [i.sha256 for i in cluster.items(again.result)]


@pytest.mark.parametrize("fields, words", [
    ({"items": []}, ["spec.redraw.items: got 0"]),
    ({"items": [1, 1]}, ["spec.redraw.items[1]: got 1 twice"]),
    ({"items": [99]}, ["spec.redraw.items[0]", "items/99"]),
    ({"items": [-1]}, ["spec.redraw.items[0]"]),
    ({"image_set": "imageSets/gone"}, ["spec.redraw.image_set", "imageSets/gone"]),
    ({"image_set": "gone"}, ["spec.redraw.image_set", "imageSets/ID"]),
    ({"steps": 3}, ["spec.steps", "nothing beside spec.redraw"]),
    ({"prompts": ["x"]}, ["spec.prompts", "none beside spec.redraw"]),
    ({"plan": "prompt: x"}, ["spec.plan", "nothing beside spec.redraw"]),
    ({"base_model": "baseModels/other"}, ["spec.base_model", "baseModels/demo"]),
    ({"batch_places": 7}, ["spec.batch_places: got 7"]),
    ({"title": "x" * 201}, ["spec.title"]),
], ids=str)
def test_what_is_wrong_is_named(drawn, fields, words):
    cluster, job, _ = drawn
    with pytest.raises(grpc.RpcError) as refused:
        create(cluster, **({"image_set": job.result, "items": [0]} | fields))
    assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    for word in words:
        assert word in refused.value.details(), refused.value.details()


def test_a_model_that_is_gone_is_named_by_its_fingerprint(tmp_path, drawn):
    cluster, _, _ = drawn
    shutil.copytree(MODEL, tmp_path / "mine")
    first = cluster.add_model("mine", tmp_path / "mine")
    job, _ = draw(cluster, PLAN | {"base_model": "baseModels/mine"})
    delete = api().DeleteBaseModelRequest(name="baseModels/mine")
    cluster.registry_api.DeleteBaseModel(delete, timeout=10)
    with pytest.raises(grpc.RpcError) as refused:
        create(cluster, image_set=job.result, items=[0])
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert f"fingerprint {first.fingerprint}" in refused.value.details()
    assert "baseModels/mine is not registered any more" in refused.value.details()
    # Another model under that name.
    file = tmp_path / "mine" / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    name = sorted(tensors)[0]
    tensors[name] = tensors[name] + 1
    save_file(tensors, file)
    second = cluster.add_model("mine", tmp_path / "mine")
    with pytest.raises(grpc.RpcError) as refused:
        create(cluster, image_set=job.result, items=[0])
    assert f"has another, {second.fingerprint}" in refused.value.details()
    assert first.fingerprint in refused.value.details()
