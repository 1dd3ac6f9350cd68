"""imprint set: what people and programs are told of a plan. No server runs."""

import json
import subprocess

import pytest

from processes import BIN, REPOSITORY

COOKBOOK = REPOSITORY / "docs" / "cookbook"


def check(plan, *flags):
    return subprocess.run([BIN / "imprint", "set", "check", plan, *flags], capture_output=True, text=True)


@pytest.mark.parametrize("plan", sorted(COOKBOOK.glob("*.yaml")), ids=lambda plan: plan.stem)
def test_each_plan_of_the_cookbook_is_in_order(plan):
    done = check(plan)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "NO" not in done.stdout.split()


def test_a_plan_is_explained_to_people_and_programs():
    done = check(COOKBOOK / "river.yaml")
    for text in ("24, of 10 cells; 2 excluded", "level=simple/place=source/season=summer/1",
                 "de: einfaches Schaubild: die Quelle des Flusses im Sommer.", "at least 25 %  8 of 24   33.33 %  yes"):
        assert text in done.stdout, done.stdout
    plan = json.loads(check(COOKBOOK / "river.yaml", "--json").stdout)
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
