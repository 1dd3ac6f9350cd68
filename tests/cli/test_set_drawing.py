"""imprint set draw, extend, report: what people and programs get of a plan, against services that run."""

import hashlib
import json
import re

import pytest
from PIL import Image

from conftest import Imprint

PLAN = """
title: Two at home & away
prompt: "{who} {where}"
steps: 2
seed: 3
alt_text: {en: "{who} {where}"}
axes:
  who:
    mia: {text: mia, alt_text: {en: Mia}}
    omar: {text: omar, alt_text: {en: Omar "O"}}
  where:
    home: {text: on the grass, alt_text: {en: at home}}
    away: {text: in space, alt_text: {en: away}}
quotas: [{each: who, at_least: 50%}]
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A plan, drawn once."""
    imprint = Imprint(tmp_path_factory.mktemp("sets"))
    imprint.up()
    (imprint.folder / "plan.yaml").write_text(PLAN)
    imprint.result = imprint("--json", "set", "draw", "plan.yaml", "--out", "set").event("result")
    yield imprint
    imprint("down")


def report(imprint, folder):
    return json.loads((imprint.folder / folder / "report.json").read_text())


def test_a_folder_has_pictures_manifest_sheet_and_report(drawn):
    result, folder = drawn.result, drawn.folder / "set"
    assert result["pictures"] + result["blocked"] == 4 and result["missing"] == 0
    told = report(drawn, "set")
    assert (told["title"], told["planned"]) == ("Two at home & away", 4)
    assert [picture["key"] for picture in told["pictures"]] == [
        f"where={where}/who={who}/1" for who in ("mia", "omar") for where in ("home", "away")]
    manifest = json.loads((folder / "manifest.json").read_text())
    for picture, entry in zip(told["pictures"], manifest["pictures"]):
        assert (entry["key"], entry["seed"], entry["alt_text"]) == (
            picture["key"], picture["seed"], picture["alt_text"])
        if not picture["blocked"]:
            content = (folder / picture["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == picture["sha256"] == entry["sha256"]
    assert (folder / "001-mia-home.png").exists() or told["pictures"][0]["blocked"]
    assert Image.open(folder / "contact-sheet.png").width > 400


def test_the_page_needs_nothing_but_its_folder(drawn):
    page = (drawn.folder / "set" / "report.html").read_text()
    assert "Two at home &amp; away" in page
    images = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', page)
    assert images and all(alt for _, alt in images)
    assert "Omar &quot;O&quot; at home" in page
    for file, _ in images:
        assert (drawn.folder / "set" / file).exists()
    links = set(re.findall(r'href="([^"]*)"', page))
    assert all(link.startswith("#") or (drawn.folder / "set" / link).exists() for link in links)
    assert "<script" not in page


def test_a_plan_is_held_against_the_server(drawn):
    checked = drawn("--json", "set", "check", "plan.yaml", "--with-server").event("server")
    assert checked["spec"]["base_model"] == "baseModels/default" and checked["device_seconds"] > 0
    (drawn.folder / "wide.yaml").write_text(PLAN.replace("steps: 2", "width: 61"))
    refused = drawn("set", "check", "wide.yaml", "--with-server", code=2)
    assert "spec.width: got 61; expected a multiple of" in refused.err
    (drawn.folder / "token.yaml").write_text(PLAN.replace("{who} {where}\"\nsteps", "{who} with <nobody>\"\nsteps"))
    refused = drawn("set", "check", "token.yaml", "--with-server", code=2)
    assert "<nobody>" in refused.err and "prompt of where=home/who=mia/1" in refused.err


def test_an_extended_plan_keeps_its_pictures(drawn):
    grown = PLAN.replace(
        "    home:", "    school: {text: in a classroom, alt_text: {en: at school}}\n    home:")
    (drawn.folder / "grown.yaml").write_text(grown)
    set_id = drawn.result["image_set"].split("/")[1]
    result = drawn("--json", "set", "extend", "grown.yaml", "--of", set_id, "--out", "grown").event("result")
    assert result["pictures"] + result["blocked"] == 6
    before = {p["key"]: p.get("sha256") for p in report(drawn, "set")["pictures"]}
    after = {p["key"]: p.get("sha256") for p in report(drawn, "grown")["pictures"]}
    assert len(after) == 6 and all(after[key] == sha256 for key, sha256 in before.items())
    shown = drawn("image-sets", "show", result["image_set"]).out
    assert f"imageSets/{set_id}" in shown and "school: {text: in a classroom" in shown


def test_a_report_is_fetched_later(drawn):
    set_id = drawn.result["image_set"].split("/")[1]
    exported = drawn("--json", "set", "report", set_id, "--out", "later", "--columns", "who").event("exported")
    assert (exported["state"], exported["items_total"]) == ("complete", 4)
    assert report(drawn, "later") == report(drawn, "set")
    assert "<caption>Columns: who</caption>" in (drawn.folder / "later" / "report.html").read_text()
    watched = drawn("set", "watch", set_id)
    assert "succeeded" in watched.out + watched.err


def test_pictures_are_drawn_again_and_compared(drawn):
    set_id = drawn.result["image_set"].split("/")[1]
    again = drawn("set", "redraw", set_id)
    assert "4 of 4 pictures" in again.out and again.out.count("bit for bit") + again.out.count("as before") == 4
    told = drawn("--json", "set", "redraw", set_id, "--key", "where=away/who=omar/1", "--item", "0")
    assert {e["key"] for e in told.events("redrawn")} == {"where=away/who=omar/1", "where=home/who=mia/1"}
    result = told.event("result")
    assert (result["pictures"], result["same"]) == (2, 2)
    exported = drawn("--json", "image-sets", "export", result["image_set"], "--out", "again").event("exported")
    assert exported["pictures"] + exported["blocked"] == 2
    assert f"imageSets/{set_id}" in drawn("image-sets", "show", result["image_set"]).out
    sampled = drawn("--json", "set", "redraw", set_id, "--sample", "2").event("result")
    assert sampled["pictures"] == 2
    assert "sample" in drawn("set", "redraw", set_id, "--sample", "2", "--item", "1", code=2).err
    assert "where=sea/who=mia/1" in drawn("set", "redraw", set_id, "--key", "where=sea/who=mia/1", code=None).err


@pytest.mark.parametrize("arguments, words", [
    (["plan.yaml"], ["out: got none", "--no-wait"]),
    (["plan.yaml", "--out", "set"], ["--overwrite"]),
    (["plan.yaml", "--out", "x", "--columns", "when"], ["--columns: got \"when\"", "who, where"]),
    (["plan.yaml", "--no-wait", "--out", "x"], ["--no-wait", "out"]),
    (["gone.yaml", "--out", "x"], ["gone.yaml"]),
    (["unmet.yaml", "--out", "x"], ["unmet.yaml:14:", "who=mia: got 2 of 4 pictures (50 %); expected at least 60 %"]),
    (["many.yaml", "--out", "x"], ["many.yaml: got 40000 pictures; expected at most 10000", "--no-wait"]),
    (["plan.yaml", "--out", "x", "--embedding", "nobody"], ["nobody"]),
], ids=lambda value: " ".join(value)[:40])
def test_what_cannot_be_drawn_is_said_before_a_job_is_made(drawn, arguments, words):
    (drawn.folder / "unmet.yaml").write_text(PLAN.replace("at_least: 50%", "at_least: 60%").replace(
        "each: who", "of: {who: mia}"))
    (drawn.folder / "many.yaml").write_text(PLAN + "count: 10000\n")
    before = drawn("--json", "jobs").out
    refused = drawn("set", "draw", *arguments, code=None)
    assert refused.code in (1, 2), refused.out
    for word in words:
        assert word in refused.err, refused.err
    assert drawn("--json", "jobs").out == before
    assert not (drawn.folder / "x" / "manifest.json").exists()
