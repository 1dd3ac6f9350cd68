"""imprint set: what people and programs are told of a plan. No server runs."""

import json
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

from processes import BIN, REPOSITORY

COOKBOOK = REPOSITORY / "docs" / "cookbook"
RIVER = pathlib.Path(__file__).parent / "river.yaml"


def check(plan, *flags):
    return subprocess.run([BIN / "imprint", "set", "check", plan, *flags], capture_output=True, text=True)


@pytest.mark.parametrize("plan", sorted(COOKBOOK.glob("*.yaml")), ids=lambda plan: plan.stem)
def test_each_plan_of_the_cookbook_is_in_order(plan):
    done = check(plan)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "NO" not in done.stdout.split()


def errors(plan):
    """What the published schema has against a plan."""
    schema = json.loads((REPOSITORY / "docs" / "plan.schema.json").read_text())
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(plan)]


@pytest.mark.parametrize("plan", sorted(COOKBOOK.glob("*.yaml")), ids=lambda plan: plan.stem)
def test_each_plan_of_the_cookbook_follows_the_schema(plan):
    assert errors(yaml.safe_load(plan.read_text())) == []


PLAN = {"prompt": "{place}", "axes": {"place": {"sea": "the sea", "river": {"text": "a river"}}, "level": ["a", "b"]}}


@pytest.mark.parametrize("fields", [
    {"steps": 1}, {"guidance": 0}, {"upscale_strength": 1}, {"prompt_style": "literal"}, {"seed": 2**64 - 1},
    {"same_seed": "level", "prompt": "{place} {level}"}, {"exclude": {"place": "sea", "level": ["a"]}},
    {"exclude": []}, {"quotas": [{"each": "place", "where": [{"level": "a"}, {"level": "b"}], "at_least": "20 %"}]},
    {"embeddings": ["concepts/pip/embeddings/1"], "base_model": "baseModels/demo"},
    {"embeddings": "concepts/pip/aliases/approved"}, {"retries": 10}, {"axes": {"place": "sea"}},
    {"axes": {"place": {"sea": {"weight": 1000, "steps": 1000, "negative_prompt": "boats"}}}}], ids=str)
def test_reader_and_schema_take_the_same(fields, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN | fields))
    assert (errors(PLAN | fields), check(plan).stderr) == ([], "")


@pytest.mark.parametrize("fields", [
    {"steps": 0}, {"guidance": 101}, {"upscale_strength": 0}, {"prompt_style": "plain"}, {"seed": 2**64},
    {"count": 0}, {"count": 10_001}, {"stesp": 3}, {"axes": {}}, {"axes": {"place": []}},
    {"axes": {"place": {"the sea": "x"}}}, {"axes": {"place": {"sea": {"weight": 1001}}}},
    {"axes": {"place": {"sea": {"texts": "x"}}}}, {"exclude": [{"place": []}]}, {"quotas": [{"at_least": 0.2}]},
    {"quotas": [{"each": "place"}]}, {"quotas": [{"each": "place", "of": {"place": "sea"}, "at_most": 1}]},
    {"quotas": [{"each": "place", "at_least": 1.1}]}, {"embeddings": ["pip"]}, {"base_model": "demo"},
    {"alt_text": {"e n": "x"}}, {"negative_prompt": "x" * 2001}, {"retries": 11}, {"title": ""}, {"alt_text": {"en": ""}},
    {"embeddings": ["concepts/Pip"]}, {"embeddings": ["concepts/pip/versions/1"]}, {"base_model": "baseModels/a/b"}], ids=lambda fields: str(fields)[:60])
def test_reader_and_schema_refuse_the_same(fields, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN | fields))
    assert errors(PLAN | fields) != [] and check(plan).returncode == 2


def test_a_plan_is_explained_to_people_and_programs():
    done = check(RIVER)
    for text in ("24, of 10 cells; 2 excluded", "level=simple/place=source/season=summer/1",
                 "de: einfaches Schaubild: die Quelle des Flusses im Sommer.", "at least 25 %  8 of 24   33.33 %  yes"):
        assert text in done.stdout, done.stdout
    plan = json.loads(check(RIVER, "--json").stdout)
    assert (plan["event"], plan["pictures"], plan["excluded_cells"]) == ("plan", 24, 2)
    assert [(axis["name"], axis["same_seed"]) for axis in plan["axes"]] == [("place", False), ("season", False),
                                                                            ("level", True)]
    assert [(value["name"], value["pictures"]) for value in plan["axes"][0]["values"]] == [
        ("source", 8), ("valley", 8), ("delta", 8)]
    assert (plan["first"]["settings"]["guidance"], plan["last"]["settings"]["guidance"]) == (8, 5)
    assert all(quota["met"] for quota in plan["quotas"]) and len(plan["quotas"]) == 7
    assert plan["last"]["key"] == "level=detailed/place=delta/season=summer/4"


def test_what_is_wrong_has_a_line_and_ends_in_2(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("prompt: '{place}'\naxes: {place: [sea, river]}\nquotas: [{of: {place: sea}, at_least: 60%}]\n")
    done = check(plan)
    assert done.returncode == 2
    # Its numbers are told all the same.
    assert "at least 60 %  1 of 2    50 %   NO" in done.stdout
    assert f"{plan}:3:10: quotas: place=sea: got 1 of 2 pictures (50 %); expected at least 60 %" in done.stderr
    plan.write_text("prompt: '{place}'\naxes: {place: [sea]}\nsteps: many\n")
    event = json.loads(check(plan, "--json").stdout)
    assert event["event"] == "error" and f"{plan}:3:8: steps: got \"many\"" in event["message"]


def test_it_reads_what_json_writes(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"prompt": "{place}, übermalt", "count": 3,
                                "axes": {"place": {"sea": "the sea", "river": {"text": "a/b \"c\" \\", "steps": 5}}}},
                               indent="\t"))
    last = json.loads(check(plan, "--json").stdout)["last"]
    assert (last["key"], last["prompt"]) == ("place=river/3", 'a/b "c" \\, übermalt')


@pytest.mark.parametrize("plan, words", [
    ("prompt: '(a {place}:1000)'\naxes: {place: [sea]}\n", [":1:9: prompt of place=sea/1: weight: got 1000"]),
    ("prompt: '{place}'\nquotas: [{of: {place: sea}, at_most: 50.001%}]\naxes: {place: [sea]}\n",
     ["expected at most 50.001 %"]),
    ("prompt: '{place}'\naxes: {place: {a: sea, b: {text: sea, steps: 20}}}\nsteps: 20\nsame_seed: place\n",
     [":2:24: axes.place.b", "the prompt, settings and seed of another value"]),
    ("prompt: '{place}'\naxes: {place: {a: '', b: sea}}\n", ["prompt of place=a/1: got no text"]),
    ("prompt: 'x'\naxes: {place: [a]}\nnegative_prompt: '%s'\n" % ("y" * 1999), []),
    ("prompt: 'x'\naxes: {place: {a: {negative_prompt: z}}}\nnegative_prompt: '%s'\n" % ("y" * 1999),
     [":3:18: negative_prompt of place=a/1: got 2002 bytes"]),
], ids=lambda value: str(value)[:50])
def test_what_only_whole_pictures_show(plan, words, tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(plan)
    done = check(file)
    assert done.returncode == (2 if words else 0), done.stderr
    for word in words:
        assert word in done.stderr


def test_the_axes_that_quotas_name_are_counted_as_the_manual_says(tmp_path):
    """500 in all, where each and its where count once a value."""
    values = [f"v{i}" for i in range(250)]
    plan = {"prompt": "x", "axes": {"place": values, "level": ["a", "b"]}, "quotas": [
        {"each": "place", "where": {"level": ["a"]}, "at_least": 0}]}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    assert check(file).returncode == 0, check(file).stderr
    plan["quotas"].append({"of": {"level": "a"}, "at_most": 1})
    file.write_text(json.dumps(plan))
    assert "got 501 axes named so far; expected at most 500" in check(file).stderr


POLICY = "blocked: [{words: [sword], reason: not for this age}]\nallowed: [paper sword]\n"


def test_a_policy_is_read_and_held_against_prompts_and_plans(tmp_path):
    policy, plan = tmp_path / "policy.yaml", tmp_path / "plan.yaml"
    policy.write_text(POLICY)
    plan.write_text("prompt: '{who}'\naxes: {who: {mia: mia, max: max with a sw0rd}}\n")

    def check_policy(*arguments):
        return subprocess.run([BIN / "imprint", "policy", "check", *arguments], capture_output=True, text=True)

    done = check_policy(policy, "--prompt", "a paper sword", "--plan", COOKBOOK / "day.yaml")
    assert done.returncode == 0 and "1 phrase blocked, 1 allowed" in done.stdout, done.stderr
    done = check_policy(policy, "--prompt", "a cat", "--prompt", "a Sword", "--plan", plan)
    assert done.returncode == 2 and "--prompt[1]: got \"Sword\"" in done.stderr
    assert f"{plan}:1:9: prompt of who=max/1: got \"sw0rd\"" in done.stdout
    policy.write_text("blocked: []\n")
    assert "policy.yaml:1:1: policy: got nothing that is blocked" in check_policy(policy).stderr


def test_a_file_of_many_small_things_is_refused_before_it_is_kept(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("prompt: x\naxes: {a: [" + "a," * 300_000 + "]}\n")
    done = check(plan)
    assert done.returncode == 2 and "plan: got more than 250000 names, values and lists" in done.stderr
