"""Sets that come from a plan, as a publisher's pipeline draws them: Python's grpcio, and a plan in JSON."""

import hashlib
import io
import json
import shutil

import grpc
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from cluster import Cluster, api
from processes import MODEL

PLAN = {
    "title": "Where a river goes",
    "base_model": "baseModels/demo",
    "prompt": "{place}, {level}",
    "negative_prompt": "text",
    "seed": 7,
    "steps": 3,
    "guidance": 2,
    "same_seed": "level",
    "alt_text": {"en": "{place}", "de": "Bild: {place}"},
    "axes": {
        "place": {
            "river": {"text": "a river", "alt_text": {"en": "a river", "de": "ein Fluss"}},
            "delta": {"text": "a delta", "weight": 2, "alt_text": {"en": "a delta", "de": "ein Delta"}}},
        "level": {"simple": {"text": "diagram", "steps": 2, "negative_prompt": "shading"},
                  "wide": {"text": "painting", "width": 128, "height": 64}},
    },
    "quotas": [{"each": "place", "at_least": "30%"}],
}


def spec(plan, **fields):
    return api().ImageSetSpec(plan=json.dumps(plan), **fields)


def create(cluster, plan, **fields):
    return cluster.jobs.CreateImageSetJob(
        api().CreateImageSetJobRequest(spec=spec(plan, **fields)), timeout=30)


def draw(cluster, plan, **fields):
    job = cluster.finish(create(cluster, plan, **fields))
    assert job.state == api().JOB_STATE_SUCCEEDED, (job, cluster.log_text())
    return job, {item.request.key: item for item in cluster.items(job.result)}


@pytest.fixture(scope="module")
def drawn(module_cluster):
    module_cluster.add_model()
    job, items = draw(module_cluster, PLAN)
    return module_cluster, job, items


def test_a_plan_is_drawn_as_it_says(drawn):
    cluster, job, items = drawn
    assert job.items_total == len(items) == 6
    river = items["level=simple/place=river/1"]
    assert river.request.prompt == "a river, diagram"
    assert (river.request.steps, river.request.negative_prompt) == (2, "text, shading")
    assert dict(river.request.alt_text) == {"en": "a river", "de": "Bild: ein Fluss"}
    wide = items["level=wide/place=river/1"]
    assert (wide.request.steps, wide.request.width, wide.request.height) == (3, 128, 64)
    assert wide.request.seed == river.request.seed, "levels share their seeds"
    assert Image.open(io.BytesIO(cluster.download_item(wide.name))).size == (128, 64)
    assert Image.open(io.BytesIO(cluster.download_item(river.name))).size == (64, 64)
    image_set = cluster.registry_api.GetImageSet(api().GetImageSetRequest(name=job.result))
    assert (image_set.title, json.loads(image_set.spec.plan)) == ("Where a river goes", PLAN)


def test_events_and_items_are_found_by_key(drawn):
    cluster, job, items = drawn
    told = {event.picture.key for event in cluster.watch(job.name) if event.HasField("picture")}
    assert told == set(items)
    for key, item in items.items():
        found = cluster.registry_api.GetItem(api().GetItemRequest(parent=job.result, key=key))
        assert found == item
    with pytest.raises(grpc.RpcError) as refused:
        cluster.registry_api.GetItem(api().GetItemRequest(parent=job.result, key="place=sea/1"))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


def test_what_a_value_changes_is_drawn_as_a_set_of_its_own_would_be(drawn):
    """Prompts, seeds and settings of the picture with settings of its own, without a plan."""
    cluster, job, items = drawn
    wide = items["level=wide/place=river/1"]
    alone = cluster.finish(cluster.jobs.CreateImageSetJob(api().CreateImageSetJobRequest(spec=api().ImageSetSpec(
        base_model="baseModels/demo", prompts=[wide.request.prompt], seeds=[wide.request.seed], steps=3, guidance=2,
        negative_prompt="text", width=128, height=64, precision=job.image_set.precision,
        batch_places=job.image_set.batch_places)), timeout=30))
    assert [item.sha256 for item in cluster.items(alone.result)] == [wide.sha256]


def test_check_plan_says_what_it_comes_to_and_draws_nothing(drawn):
    cluster, job, items = drawn
    check = cluster.jobs.CheckPlan(api().CheckPlanRequest(spec=spec(PLAN)), timeout=30)
    assert (check.pictures, check.cells, check.excluded_cells) == (6, 4, 0)
    assert [(axis.name, axis.same_seed, [(v.name, v.pictures, v.weight) for v in axis.values]) for axis in check.axes] == [
        ("place", False, [("river", 2, 1), ("delta", 4, 2)]), ("level", True, [("simple", 3, 1), ("wide", 3, 1)])]
    assert [(quota.name, quota.met) for quota in check.quotas] == [("place=river", True), ("place=delta", True)]
    assert [example.key for example in check.examples] == ["level=simple/place=river/1", "level=wide/place=delta/2"]
    assert (check.spec.steps, check.spec.width, check.spec.base_model) == (3, 64, "baseModels/demo")
    assert check.HasField("device_time"), "it has drawn with that model"
    unmet = cluster.jobs.CheckPlan(api().CheckPlanRequest(
        spec=spec(PLAN | {"quotas": [{"each": "place", "at_least": "40%"}]})), timeout=30)
    assert [quota.met for quota in unmet.quotas] == [False, True]
    assert len(list(cluster.jobs.ListJobs(api().ListJobsRequest(page_size=100)).jobs)) <= 2


def changed(**fields):
    return PLAN | fields


@pytest.mark.parametrize("plan, fields, words", [
    (changed(stesp=3), {}, ["spec.plan:1:", "stesp"]),
    (changed(prompt="{town}"), {}, ["spec.plan:1:", "no axis is called \"town\""]),
    (changed(quotas=[{"each": "place", "at_least": "40%"}]), {},
     ["spec.plan:1:", "place=river: got 2 of 6 pictures (33.33 %)", "at least 40 %"]),
    (changed(base_model="baseModels/gone"), {}, ["spec.base_model", "gone"]),
    (changed(embeddings=["concepts/gone"]), {}, ["spec.embeddings[0]", "gone"]),
    (changed(prompt="{place} with <rex>"), {}, ["spec.plan:1:", "prompt of level=simple/place=river/1", "<rex>"]),
    (changed(axes={"place": {"river": {"text": "(a river:1000)"}}}, prompt="{place}", alt_text={"en": "a river"},
             same_seed=[], quotas=[]), {}, ["prompt of place=river/1", "weight: got 1000"]),
    (changed(axes={"place": {"river": {"text": "a river", "width": 61}}}, prompt="{place}", alt_text={"en": "a river"},
             same_seed=[], quotas=[]), {}, ["spec.plan: pictures like place=river/1", "width: got 61", "a multiple of"]),
    (PLAN, {"prompts": ["a river"]}, ["spec.prompts", "none beside spec.plan"]),
    (PLAN, {"seeds": [1]}, ["spec.seeds", "none beside spec.plan"]),
    (PLAN, {"steps": 3}, ["spec.steps", "spec.plan says how"]),
    (PLAN, {"extends": "imageSets/gone"}, ["spec.extends", "gone"]),
    (PLAN, {"extends": "gone"}, ["spec.extends", "imageSets/ID"]),
    (changed(title="x" * 201), {}, ["spec.plan:1:", "title"]),
], ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named_with_its_place(drawn, plan, fields, words):
    cluster, _, _ = drawn
    calls = [lambda: create(cluster, plan, **fields)]
    if "quotas" not in plan or plan["quotas"] == PLAN["quotas"] or not plan["quotas"]:
        calls.append(lambda: cluster.jobs.CheckPlan(api().CheckPlanRequest(spec=spec(plan, **fields)), timeout=30))
    for call in calls:
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
        for word in words:
            assert word in refused.value.details(), refused.value.details()


def test_a_retry_draws_the_same_set(drawn):
    cluster, job, items = drawn
    again = cluster.finish(cluster.jobs.RetryJob(api().RetryJobRequest(name=job.name), timeout=30))
    assert again.state == api().JOB_STATE_SUCCEEDED
    assert {i.request.key: i.sha256 for i in cluster.items(again.result)} == {k: i.sha256 for k, i in items.items()}


def grown(plan):
    """With another place before the others, more pictures of a cell, and another text for the blind."""
    grown = json.loads(json.dumps(plan))
    grown["axes"]["place"] = {"sea": {"text": "the sea", "alt_text": {"en": "the sea", "de": "das Meer"}},
                              **grown["axes"]["place"]}
    grown["count"] = 2
    grown["alt_text"]["en"] = "This is {place}."
    grown["quotas"] = []
    return grown


def test_a_grown_plan_takes_over_what_is_there_and_draws_the_rest(drawn):
    cluster, job, items = drawn
    before = cluster.sampler.metric("imprint_sample_images_total")
    more, larger = draw(cluster, grown(PLAN), extends=job.result)
    assert more.items_total == more.items_done == len(larger) == 2 * (6 + 2)
    # What was blocked is tried again.
    taken_over = [item for item in items.values() if not item.safety.blocked]
    assert len(taken_over) > 3
    assert cluster.sampler.metric("imprint_sample_images_total") - before == len(larger) - len(taken_over)
    for key, item in items.items():
        assert (larger[key].sha256, larger[key].request.seed) == (item.sha256, item.request.seed)
        assert larger[key].request.alt_text["en"] == f"This is {item.request.alt_text['en']}."
        assert larger[key].name.startswith(more.result)
    # What was taken over is what would have been drawn.
    _, anew = draw(cluster, grown(PLAN), precision=job.image_set.precision, batch_places=job.image_set.batch_places)
    assert {k: i.sha256 for k, i in anew.items()} == {k: i.sha256 for k, i in larger.items()}
    # Its pictures stay when the set that it came from goes.
    cluster.registry_api.DeleteImageSet(api().DeleteImageSetRequest(name=more.result), timeout=30)
    for item in taken_over:
        assert hashlib.sha256(cluster.download_item(item.name)).hexdigest() == item.sha256


def test_what_a_plan_says_otherwise_now_is_drawn_anew(drawn):
    """Another text, other steps: the same keys, but none of the pictures."""
    cluster, job, items = drawn
    other = json.loads(json.dumps(PLAN))
    other["axes"]["place"]["delta"]["text"] = "the sea"
    other["axes"]["level"]["simple"]["steps"] = 4
    _, extended = draw(cluster, other, extends=job.result)
    assert set(extended) == set(items)
    kept = {key for key in items if extended[key].sha256 == items[key].sha256 and items[key].sha256}
    assert kept <= {"level=wide/place=river/1"}
    assert extended["level=wide/place=river/1"].request.position == items["level=wide/place=river/1"].request.index


def test_what_no_safety_checker_saw_is_drawn_again(tmp_path):
    with Cluster(tmp_path, trainers=0, sampler_flags=["--no-safety-check"]) as cluster:
        cluster.add_model()
        job, items = draw(cluster, PLAN)
        _, extended = draw(cluster, PLAN, extends=job.result)
        assert not any(item.safety.scores for item in items.values())
        assert cluster.sampler.metric("imprint_sample_images_total") == 2 * len(items)
        assert {k: i.sha256 for k, i in extended.items()} == {k: i.sha256 for k, i in items.items()}


def test_a_cancelled_plan_is_completed_by_an_extension(drawn):
    cluster, _, _ = drawn
    plan = changed(count=12, steps=20)
    job = create(cluster, plan, precision="fp32", batch_places=4)
    for event in cluster.jobs.WatchJob(api().WatchJobRequest(name=job.name), timeout=240):
        if event.HasField("picture") and event.picture.sha256:
            break
    cluster.jobs.CancelJob(api().CancelJobRequest(name=job.name), timeout=10)
    cancelled = cluster.finish(job)
    assert cancelled.state == api().JOB_STATE_CANCELLED and 0 < cancelled.items_done < cancelled.items_total
    there = {i.request.key: i.sha256 for i in cluster.items(cancelled.image_set.image_set)}
    before = cluster.sampler.metric("imprint_sample_images_total")
    ended, items = draw(cluster, plan, extends=cancelled.image_set.image_set)
    assert ended.items_done == ended.items_total == 72
    drawn_now = cluster.sampler.metric("imprint_sample_images_total") - before
    assert drawn_now == 72 - sum(1 for sha256 in there.values() if sha256)
    assert all(items[key].sha256 == sha256 for key, sha256 in there.items())


def test_only_a_set_of_a_plan_is_extended(drawn):
    cluster, _, _ = drawn
    other = cluster.finish(cluster.draw(api().JOB_PRIORITY_NORMAL, embeddings=[], prompts=["a cat"], seeds=[1]))
    with pytest.raises(grpc.RpcError) as refused:
        create(cluster, PLAN, extends=other.result)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION and "has no plan" in refused.value.details()


def test_a_set_of_another_format_is_not_extended(drawn):
    cluster, job, _ = drawn
    with pytest.raises(grpc.RpcError) as refused:
        create(cluster, PLAN, extends=job.result, format=api().PICTURE_FORMAT_JPEG)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "with format PICTURE_FORMAT_PNG; expected PICTURE_FORMAT_JPEG" in refused.value.details()


def stricter(folder, delta):
    """The demo model with a safety checker that blocks what is that much less like what it looks for."""
    shutil.copytree(MODEL, folder)
    file = folder / "safety_checker" / "model.safetensors"
    tensors = load_file(file)
    tensors["concept_embeds_weights"] = tensors["concept_embeds_weights"] - delta
    save_file(tensors, file)
    return folder


def test_what_is_blocked_is_drawn_again_with_the_next_seed_of_its_family(tmp_path, drawn):
    cluster, job, items = drawn
    scores = sorted(max(item.safety.scores) for item in items.values())
    # Half of them are blocked.
    delta = -(scores[2] + scores[3]) / 2
    cluster.add_model("strict", stricter(tmp_path / "strict", float(delta)))
    plan = changed(base_model="baseModels/strict", retries=3)
    job, checked = draw(cluster, plan)
    redrawn = {key: item for key, item in checked.items() if item.blocked_tries}
    assert redrawn and len(redrawn) < len(items)
    for key, item in checked.items():
        first = item.blocked_tries[0].seed if item.blocked_tries else item.request.seed
        assert first == items[key].request.seed, "the first try is that of a plan without retries"
        assert all(tried.safety.blocked for tried in item.blocked_tries)
        seeds = [tried.seed for tried in item.blocked_tries] + [item.request.seed]
        assert len(set(seeds)) == len(seeds) <= 4
        assert item.safety.blocked == (len(seeds) == 4 and not item.sha256)
        if not item.blocked_tries:
            assert item.sha256 == items[key].sha256
    assert job.items_blocked == sum(item.safety.blocked for item in checked.values())
    # A picture of a later try is what its seed gives, and the same when the set is drawn again.
    _, again = draw(cluster, plan)
    assert {k: (i.sha256, i.request.seed) for k, i in again.items()} == {
        k: (i.sha256, i.request.seed) for k, i in checked.items()}
    assert cluster.sampler.metric("imprint_safety_redrawn_total") == 2 * sum(
        len(item.blocked_tries) for item in checked.values())
