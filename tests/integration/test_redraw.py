"""Pictures that are drawn again from the manifest that tells of them."""

import json
import re
import shutil

import pytest
from PIL import Image

from processes import MODEL, PIP

# Five pictures in batches of two: the last one has a neighbour only with --exact.
LINE = ["--prompt", "<pip> in the snow", "--seeds", "1-5", "--steps", 3, "--no-safety-check", "--no-sheet", "--batch", 2]


@pytest.fixture
def drawn(teach, engine, tmp_path):
    """drawn(...) draws into tmp_path/pictures and gives the manifest."""
    assert teach("--steps", 1).code == 0

    def draw(*arguments, line=LINE):
        result = engine("draw", *line, "--embedding", "out", "--out", "pictures", *arguments)
        assert result.code == 0, result.err
        return json.loads((tmp_path / "pictures" / "manifest.json").read_text())

    return draw


def files(manifest):
    return [p["file"] for p in manifest["pictures"]]


def test_each_picture_alone_and_all_together_are_the_same(engine, tmp_path, drawn):
    manifest = drawn("--exact", "--threads", 1)
    assert (manifest["batch_places"], manifest["compute_threads"]) == (2, 1)
    result = engine("--json", "redraw", "pictures")
    assert result.code == 0, (result.out, result.err)
    assert [(e["file"], e["same"]) for e in result.events("picture")] == [(f, True) for f in files(manifest)]
    assert result.event("result")["same"] == 5

    # Neither the shell's model nor a folder of the same pictures counts, and nothing but the record is needed.
    last = files(manifest)[4]
    (tmp_path / "pictures" / last).unlink()
    result = engine("redraw", "--picture", last, "pictures", "--out", "again", "--no-safety-check",
                    IMPRINT_MODEL="/nowhere")
    assert result.code == 0, result.err
    assert f"{last}: bit for bit; its file is missing" in result.out
    assert "1 picture, bit for bit as recorded" in result.out
    assert [f.name for f in (tmp_path / "again").iterdir()] == [last]
    with Image.open(tmp_path / "again" / last) as picture:
        assert picture.size == (64, 64)
    again = engine("redraw", "pictures", "--picture", last, "--out", "again", "--no-safety-check")
    assert again.code == 2 and f"{last} exists; choose another folder" in again.err


@pytest.mark.parametrize("options", [
    ["--size", "64x32", "--solver", "euler_a", "--guidance", 9, "--negative", "blur"],
    ["--upscale", 2, "--upscale-strength", 0.5, "--format", "jpeg"],
    ["--from", PIP / "1.png", "--strength", 0.7, "--format", "webp"],
    ["--precision", "bf16", "--prompt-style", "literal"],
], ids=["options", "upscale", "from", "precision"])
def test_whatever_it_was_drawn_with(engine, drawn, options):
    drawn("--exact", *options, line=[*LINE[:3], "1-3", *LINE[4:]])
    result = engine("redraw", "pictures")
    assert result.code == 0, (result.out, result.err)
    assert "3 pictures, bit for bit as recorded" in result.out


def test_full_batches_need_no_flag_and_others_are_near(engine, drawn):
    assert drawn(line=[*LINE[:3], "1-4", *LINE[4:]])["batch_places"] == 2
    assert engine("redraw", "pictures").code == 0
    manifest = drawn("--overwrite")
    assert "batch_places" not in manifest and manifest["batch"] == 2
    # All together they are in the same company as before.
    result = engine("redraw", "pictures")
    assert result.code == 0, (result.out, result.err)
    assert "the batches had no fixed size: pictures may differ in their last digits" in result.err
    # By itself one is near, at least.
    (alone,) = engine("--json", "redraw", "pictures", "--picture", files(manifest)[0]).events("picture")
    assert alone["same"] or int(re.search(r"by (\d+) of 255", alone["comparison"])[1]) <= 2


def test_what_differs_is_said(engine, tmp_path, drawn):
    manifest = drawn("--exact")
    name = files(manifest)[1]
    # Another record than the picture's: as if it had been drawn with another seed.
    path = tmp_path / "pictures" / "manifest.json"
    manifest["pictures"][1]["seed"] = 77
    path.write_text(json.dumps(manifest))
    result = engine("--json", "redraw", "pictures")
    assert result.code == 1
    assert "1 of 5 pictures differs from what was recorded" in result.event("error")["message"]
    (other,) = [e for e in result.events("picture") if not e["same"]]
    assert other["file"] == name and "of 12288 values differ, by" in other["comparison"]

    # A file that somebody touched up.
    manifest["pictures"][1]["seed"] = 2
    path.write_text(json.dumps(manifest))
    with Image.open(tmp_path / "pictures" / name) as picture:
        picture.convert("L").save(tmp_path / "pictures" / name)
    result = engine("redraw", "pictures")
    assert result.code == 0
    assert f"{name}: bit for bit; its file has been changed since" in result.out


def test_what_was_computed_differently_is_warned_of(engine, tmp_path, drawn):
    manifest = drawn("--exact")
    manifest.update(imprint="0.0.1", device_model="Abacus", compute_threads=2)
    (tmp_path / "pictures" / "manifest.json").write_text(json.dumps(manifest))
    result = engine("redraw", "pictures", "--threads", 1)
    for text in ("Imprint was 0.0.1, here it is", "the device's model was Abacus, here it is",
                 "the number of threads was 2, here it is 1"):
        assert f"warning: {text}" in result.err, result.err


def test_a_record_without_sizes_means_the_models_own(engine, tmp_path, drawn):
    manifest = drawn("--exact", "--from", PIP / "1.png")
    for picture in manifest["pictures"]:
        del picture["width"], picture["height"]
    path = tmp_path / "pictures" / "manifest.json"
    path.write_text(json.dumps(manifest))
    result = engine("redraw", "pictures")
    assert result.code == 0, (result.out, result.err)
    manifest["pictures"][2]["width"] = 13
    path.write_text(json.dumps(manifest))
    result = engine("redraw", "pictures")
    assert result.code == 2 and f"{files(manifest)[2]}: " in result.err and "13" in result.err, result.err


def test_what_is_missing_is_named(engine, tmp_path, drawn):
    manifest = drawn("--exact")
    assert "picture: got \"none.png\"; expected a file that" in engine(
        "redraw", "pictures", "--picture", "none.png").err
    assert "exists; choose another folder" in engine("redraw", "pictures", "--out", "pictures").err
    assert "--out" in engine("redraw", "pictures", "--no-safety-check").err
    assert "manifest.json" in engine("redraw", "out").err

    shutil.move(tmp_path / "out", tmp_path / "moved")
    result = engine("redraw", "pictures")
    assert result.code == 2
    assert "was found for <pip>, recorded as" in result.err and "give it with --embedding" in result.err
    result = engine("redraw", "pictures", "--embedding", "moved")
    assert result.code == 0, result.err

    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    assert engine("redraw", "pictures", "--embedding", "moved", "--model", model).code == 0
    manifest["base_model"]["fingerprint"] = "0" * 64
    (tmp_path / "pictures" / "manifest.json").write_text(json.dumps(manifest))
    result = engine("redraw", "pictures", "--embedding", "moved")
    assert result.code == 2
    assert "expected the one that the pictures were drawn with, 000" in result.err
