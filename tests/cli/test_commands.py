"""What each command of imprint prints and leaves, against services that run."""

import base64
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess

import phone_pictures
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from conftest import RIGHTS
from processes import BIN, MODEL, PIP, REPOSITORY, wait_for

CONCEPT = MODEL / "concepts" / "pip"


@pytest.mark.parametrize("command", ["teach", "draw"])
def test_every_option_is_a_flag_of_both_programs(command):
    """The tables of docs/options.md, which a unit test holds against orders/."""
    page = (REPOSITORY / "docs" / "options.md").read_text()
    sections = re.findall(rf"^## [^\n]*\({command}\)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    flags = set(re.findall(r"^\| `\w+` \| `(--[\w-]+)` \|", "".join(sections), re.MULTILINE))
    assert len(sections) == {"teach": 2, "draw": 1}[command]
    assert {"teach": {"--fit", "--steps"}, "draw": {"--steps"}}[command] <= flags
    for program in ("imprint", "imprint-engine"):
        text = subprocess.run([BIN / program, command, "--help"], check=True, capture_output=True,
                              text=True).stdout
        assert flags <= set(re.findall(r"^ +(--[\w-]+)", text, re.MULTILINE)), program


def test_teaching_from_one_line(taught):
    out = taught.teaching.out
    for text in ("5 as referenceSets/", '<pip> from "mascot"', "40 steps of", "learned", "loss",
                 "concepts/pip/embeddings/1", "pip.safetensors"):
        assert text in out, out
    assert "40/40" in taught.teaching.err and "loss" in taught.teaching.err
    file = taught.folder / "pip.safetensors"
    with safe_open(file, "numpy") as tensors:
        assert list(tensors.keys()) == ["<pip>"]
    shown = taught("--json", "embeddings", "show", "pip").event("embedding")
    assert shown["details"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_drawing_gives_the_engines_pictures(taught):
    """Two prompts, two seeds, the class word's pictures beside them: pixel for pixel imprint-engine's."""
    what = ["--prompt", "<pip> in the snow", "--prompt", "<pip> in space", "--seeds", "1-2", "--compare",
            "--steps", "4", "--precision", "fp32"]
    drawn = taught("draw", *what, "--references", PIP, "--out", "drawn")
    assert "8 pictures in drawn" in drawn.out and "<pip> is concepts/pip/embeddings/1" in drawn.out
    engine = subprocess.run(
        [BIN / "imprint-engine", "draw", *what, "--model", MODEL, "--threads", "1", "--embedding",
         "pip.safetensors", "--out", "engine"], cwd=taught.folder, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if k != "IMPRINT_THREADS"})
    assert engine.returncode == 0, engine.stderr
    ours, engines = (json.loads((taught.folder / f / "manifest.json").read_text())["pictures"]
                     for f in ("drawn", "engine"))
    assert [(p["prompt"], p["seed"]) for p in ours] == [(p["prompt"], p["seed"]) for p in engines]
    for one, other in zip(ours, engines):
        assert one["file"] == other["file"]
        with Image.open(taught.folder / "drawn" / one["file"]) as a, Image.open(
                taught.folder / "engine" / other["file"]) as b:
            assert a.tobytes() == b.tobytes(), one["file"]
        assert hashlib.sha256((taught.folder / "drawn" / one["file"]).read_bytes()
                              ).hexdigest() == one["sha256"]
    with Image.open(taught.folder / "drawn" / "contact-sheet.png") as sheet:
        assert sheet.width > 500 and sheet.height > 300


def test_what_the_samplers_drew_is_drawn_again_from_its_manifest(taught):
    # Five pictures, whose batches have four places: one of the last batch, by itself.
    taught("draw", "--prompt", "<pip> in the snow", "--seeds", "1-5", "--steps", 4, "--precision", "fp32", "--out",
           "record", "--no-sheet")
    pictures = json.loads((taught.folder / "record" / "manifest.json").read_text())["pictures"]
    assert {p["computation"]["batch_places"] for p in pictures} == {4}

    def redraw(*arguments):
        return subprocess.run([BIN / "imprint-engine", "redraw", "record", *arguments], cwd=taught.folder,
                              capture_output=True, text=True)

    alone = redraw("--embedding", "pip.safetensors", "--picture", pictures[4]["file"])
    assert alone.returncode == 0, (alone.stdout, alone.stderr)
    assert "1 picture, bit for bit as recorded" in alone.stdout and "warning" not in alone.stderr
    without = redraw()
    assert without.returncode == 2
    assert "was found for <pip>, recorded as concepts/pip/embeddings/1" in without.stderr
    assert "imprint embeddings export writes it" in without.stderr


def test_pictures_of_an_earlier_drawing_are_not_overwritten(taught):
    line = ["draw", "--prompt", "a tree", "--steps", "1", "--out", "once"]
    taught(*line)
    before = (taught.folder / "once" / "manifest.json").read_text()
    assert "--overwrite" in taught(*line, code=2).err
    assert (taught.folder / "once" / "manifest.json").read_text() == before
    taught(*line, "--overwrite")


def test_an_earlier_drawing_survives_one_that_does_not_begin(taught):
    folder = taught.folder / "survives"

    def content():
        return {file.name: file.read_bytes() for file in folder.iterdir()}

    def again(*more, **how):
        return taught("draw", "--prompt", "<pip> in space", "--steps", 4, "--out", folder, "--overwrite", *more, **how)

    again()
    before = content()
    assert set(before) == {"001-pip-in-space-s1.png", "contact-sheet.png", "manifest.json"}
    assert "no server" in again(code=1, IMPRINT_HOME=str(taught.folder / "nobody")).err
    assert "model" in again("--model", "none", code=2).err
    assert "there is no" in again("--embedding", "none", code=2).err
    assert "10" in again("--size", "10x10", code=2).err
    assert content() == before
    again("--seeds", 2)
    assert set(content()) == {"001-pip-in-space-s2.png", "contact-sheet.png", "manifest.json"}


def test_an_image_set_is_fetched_later(taught):
    queued = taught("--json", "draw", "--prompt", "<pip> in space", "--steps", 4,
                    "--no-wait").event("job")
    taught("watch", queued["name"])
    listed = taught("--json", "image-sets", "list").events("image_set")
    assert queued["image_set"] in {e["name"] for e in listed}
    assert "1/1, 0 blocked" in taught("image-sets", "show", queued["image_set"]).out
    fetched = taught("image-sets", "export", queued["image_set"], "--out", "fetched")
    assert "1 picture of" in fetched.out and fetched.err == ""
    assert sorted(p.name for p in (taught.folder / "fetched").iterdir()) == [
        "001-pip-in-space-s1.png", "contact-sheet.png", "manifest.json"]


def test_what_a_cancelled_job_left_is_not_exported_as_if_whole(taught):
    job = taught("--json", "draw", "--prompt", "<pip> in space", "--seeds", "1-400", "--steps", 4,
                 "--no-wait").event("job")

    def done():
        shown = taught("image-sets", "show", job["image_set"], code=None).out
        return re.search(r"[1-9]\d*/400", shown)

    wait_for("its first picture", done)
    taught("cancel", job["name"])
    taught("watch", job["name"], code=1)
    line = ["image-sets", "export", job["image_set"], "--out", "part", "--no-sheet"]
    exported = taught(*line)
    count = len(json.loads((taught.folder / "part" / "manifest.json").read_text())["pictures"])
    assert 0 < count < 400
    assert f"{count} of 400 pictures" in exported.err and "imprint retry" in exported.err, exported.err
    again = taught("--json", *line, "--overwrite")
    assert f"{count} of 400 pictures" in again.event("warning")["message"]
    assert (again.event("exported")["state"], again.event("exported")["items_total"]) == ("partial", 400)


def test_blocked_pictures_are_told_of_and_never_written(taught):
    """After one step of noise the demo's checker refuses what there is to see."""
    drawn = taught("draw", "--prompt", "<pip> asleep", "--steps", 2, "--out", "blocked")
    assert "the safety checker blocked 1 of 1" in drawn.err
    assert list((taught.folder / "blocked").glob("*-s1.*")) == []
    (picture,) = json.loads((taught.folder / "blocked" / "manifest.json").read_text())["pictures"]
    assert picture["safety"]["blocked"] and "file" not in picture


def test_embeddings_go_out_and_come_in_again(taught):
    taught("embeddings", "export", "pip", "--out", "out.safetensors")
    assert (taught.folder / "out.safetensors").read_bytes() == (
        taught.folder / "pip.safetensors").read_bytes()
    assert "exists" in taught("embeddings", "export", "pip", "--out", "out.safetensors", code=2).err
    again = taught("embeddings", "import", "out.safetensors", "--concept", "pip-again", "--token",
                   "<pip2>", "--class", "mascot", *RIGHTS)
    assert "concepts/pip-again/embeddings/1" in again.out and "imported" in again.out
    assert "<pip2>" in taught("embeddings", "list").out
    taught("embeddings", "alias", "pip/1", "approved")
    assert "approved" in taught("embeddings", "show", "pip/approved").out
    taught("embeddings", "export", "pip", "--out", "pip-k.safetensors", "--layout", "kohya")
    kohya = (taught.folder / "pip-k.safetensors").read_bytes()
    assert b'"emb_params"' in kohya
    foreign = taught("embeddings", "import", "pip-k.safetensors", "--concept", "pip-k", *RIGHTS)
    assert "pip-k, a mascot" in foreign.out
    taught("embeddings", "export", "pip-k", "--out", "back.safetensors")
    back = (taught.folder / "back.safetensors").read_bytes()
    assert b'"pip-k"' in back and b"emb_params" not in back and back[-512:] == kohya[-512:]
    refused = taught("embeddings", "import", PIP / sorted(p.name for p in PIP.iterdir())[0], "--concept",
                     "no", *RIGHTS, code=2)
    assert "content" in refused.err or "FILE" in refused.err


def test_embeddings_for_tools_that_know_a_word_by_its_file(taught):
    """Those are named as the word is, without brackets and capitals; the registry's stays as it was."""
    told = taught("embeddings", "export", "pip", "--out", "shelf", "--layout", "invokeai")
    assert "<pip> in InvokeAI" in told.out
    with safe_open(taught.folder / "shelf" / "pip.safetensors", "numpy") as tensors:
        assert list(tensors.keys()) == ["emb_params"]
    told = taught("teach", PIP, "--word", "mascot", "--token", "<Dot>", "--steps", 1, "--layout", "kohya",
                  "--out", "shelf", *RIGHTS)
    assert 'token "<Dot>"' in told.err and '"<dot>"' in told.err, told.err
    assert (taught.folder / "shelf" / "dot.safetensors").exists()
    taught("embeddings", "export", "dot", "--out", "dot.safetensors")
    with safe_open(taught.folder / "dot.safetensors", "numpy") as tensors:
        assert list(tensors.keys()) == ["<dot>"]
    refused = taught("teach", PIP, "--word", "mascot", "--layout", "kohya", *RIGHTS, code=2)
    assert "layout" in refused.err and "--out" in refused.err


def test_strangers_embeddings_come_in_as_they_were_saved(taught):
    """A vector that was saved with the table that it lies in, files called by several words, vectors that only
    their own tool uses, and the picture that AUTOMATIC1111 shares."""
    import torch

    vector = torch.full((128,), 0.1)
    table = torch.zeros(3000, 128)
    table[-1] = vector
    torch.save({"<mia>": table[-1]}, taught.folder / "learned_embeds.bin")
    assert (taught.folder / "learned_embeds.bin").stat().st_size > 1 << 20
    save_file({"emp_params": vector[None].numpy(), "emp_params_out": vector[None].numpy()},
              taught.folder / "my dog (2).safetensors")
    shared = PngInfo()
    shared.add_text("sd-ti-embedding", base64.b64encode(json.dumps(
        {"string_to_param": {"*": {"TORCHTENSOR": [vector.tolist()]}}, "name": "samwise"}).encode()).decode())
    Image.new("RGB", (8, 8)).save(taught.folder / "samwise.png", pnginfo=shared)

    def imported(file, concept, *options, code=0):
        return taught("embeddings", "import", file, "--concept", concept, "--class", "mascot", *options, *RIGHTS,
                      code=code)

    refused = imported("my dog (2).safetensors", "dog", code=2)
    assert "my dog (2)" in refused.err and "--token" in refused.err
    assert "emp_params_out" in imported("my dog (2).safetensors", "dog", "--token", "<dog>").err
    for file, concept in (("learned_embeds.bin", "mia"), ("samwise.png", "samwise")):
        assert imported(file, concept).err == ""
    for concept, key in (("dog", "<dog>"), ("mia", "<mia>"), ("samwise", "samwise")):
        taught("embeddings", "export", concept, "--out", f"{concept}.safetensors")
        (key_found, kept), = load_file(taught.folder / f"{concept}.safetensors").items()
        assert key_found == key and (kept == vector.numpy()).all()


def test_a_job_is_listed_explained_cancelled_and_retried(taught):
    job = taught("--json", "teach", PIP, "--word", "mascot", "--token", "<slow>", "--steps", 5000,
                 "--no-wait", *RIGHTS).event("job")["name"]
    wait_for("it runs", lambda: taught("--json", "explain", job).event("explanation")["state"] == "running")
    explained = taught("explain", job).out
    assert re.search(r"attempt +1 on trainer-0: started", explained), explained
    waiting = taught("--json", "draw", "--prompt", "a tree", "--steps", 1, "--no-wait").event("job")["name"]
    behind = taught("--json", "teach", PIP, "--word", "mascot", "--token", "<behind>", "--steps", 5,
                    "--no-wait", *RIGHTS).event("job")["name"]
    why = taught("explain", behind).out
    assert "waiting: needs 1 free rank, 0 free" in why, why
    listed = taught("jobs").out
    assert "<slow>, a mascot" in listed and "running" in listed
    assert job.split("/")[1] in taught("jobs", "--state", "running", "--kind", "teach").out
    assert job.split("/")[1] not in taught("jobs", "--state", "succeeded").out

    watch = taught.start("watch", job, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    cancelled = taught("cancel", job, "--reason", "the wrong mascot")
    assert "cancelling" in cancelled.out or "cancelled" in cancelled.out
    out, err = watch.communicate(timeout=60)
    assert watch.returncode == 1 and "imprint retry" in err, (out, err)
    assert "the wrong mascot" in taught("explain", job).out
    for name in (behind, waiting):
        taught("watch", name)
    retried = taught("--json", "retry", job).event("job")
    assert retried["details"]["retryOf" if "retryOf" in retried["details"] else "retry_of"] == job
    taught("cancel", retried["name"])
    taught("watch", retried["name"], code=1)


def test_ctrl_c_stops_the_watching_not_the_job(taught):
    job = taught("--json", "teach", PIP, "--word", "mascot", "--token", "<long>", "--steps", 300,
                 "--no-wait", *RIGHTS).event("job")["name"]
    watch = taught.start("--json", "watch", job, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in watch.stdout:
        if json.loads(line)["event"] == "step":
            break
    watch.send_signal(2)
    out, err = watch.communicate(timeout=30)
    assert watch.returncode == 130
    assert "goes on" in out + err
    assert taught("--json", "explain", job).event("explanation")["state"] in ("running", "finalizing")
    taught("cancel", job)
    taught("watch", job, code=1)


def test_ctrl_c_names_both_jobs_of_a_comparison(taught):
    draw = taught.start("--json", "draw", "--prompt", "<pip> in space", "--seeds", "1-400", "--steps", 4,
                        "--compare", "--out", "stopped", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    jobs = []
    for line in draw.stdout:
        event = json.loads(line)
        if event["event"] == "job":
            jobs.append(event["name"])
        if event["event"] == "saved":
            saved = event
            break
    assert (taught.folder / saved["file"]).stat().st_size > 0, "pictures are kept as they finish"
    draw.send_signal(signal.SIGINT)
    out, err = draw.communicate(timeout=30)
    assert draw.returncode == 130, (out, err)
    assert len(jobs) == 2
    for job in jobs:
        for command in ("watch", "cancel"):
            assert f"imprint {command} {job.removeprefix('jobs/')}" in out + err, (out, err)
        taught("cancel", job)
    for job in jobs:
        taught("watch", job, code=None)


def test_cancelling_what_is_computed_says_that_it_is_kept(taught):
    taught("teach", PIP, "--word", "mascot", "--token", "<late>", "--steps", 30, "--no-wait", *RIGHTS)

    def newest():
        return taught("--json", "jobs", "--limit", 1).event("job")

    job = newest()["name"]
    wait_for("it computes", lambda: int(newest()["details"].get("progress", {}).get("step", 0)) > 0)
    # Nobody takes its result.
    registry = taught.running()["pids"]["registry"]
    os.kill(registry, signal.SIGSTOP)
    try:
        wait_for("it is computed", lambda: newest()["state"] == "finalizing")
        cancelled = taught("cancel", job)
    finally:
        os.kill(registry, signal.SIGCONT)
    assert "finalizing" in cancelled.out and "will be kept" in cancelled.err
    assert "concepts/late/embeddings/1" in taught("watch", job).out


def test_a_models_folder_may_be_on_another_machine(taught):
    """What is not here is for the registry to find; only its README.md cannot be read."""
    unlicensed = taught("models", "add", "far", "/models/far", code=2).err
    assert all(part in unlicensed for part in ("licence", "/models/far", "not on this machine", "--licence TEXT"))
    for folder, expected in ("/models/far", "/models/far"), ("models/far", "an absolute path"):
        refused = taught("models", "add", "far", folder, "--licence", "MIT", code=2).err
        assert refused.startswith("error: folder: ") and expected in refused, refused
    (taught.folder / "here").symlink_to(MODEL)
    added = taught("--json", "models", "add", "here", "here").event("model")
    assert added["details"]["folder"] == str(taught.folder.resolve() / "here")
    taught("models", "remove", "here")


def test_one_request_id_is_one_job(taught):
    names = {taught("--json", "draw", "--prompt", "a house", "--steps", 1, "--no-wait",
                    "--request-id", "same").event("job")["name"] for _ in range(3)}
    assert len(names) == 1


@pytest.mark.parametrize("command, event", [
    (["jobs"], "job"), (["nodes"], "node"), (["models", "list"], "model"),
    (["embeddings", "list"], "embedding"), (["embeddings", "show", "pip"], "embedding"),
    (["references", "list"], "references"), (["image-sets", "list"], None),
])
def test_json_is_one_object_a_line(taught, command, event):
    listed = taught("--json", *command)
    assert listed.err == ""
    assert event is None or listed.events(event), listed.out
    text = taught(*command).out
    assert text and not text.startswith("{")


BAD = {
    "no folder": (["teach", "nowhere", "--word", "dog"], ["nowhere"]),
    "no word": (["teach", PIP, *RIGHTS], ["class"]),
    "no rights": (["teach", PIP, "--word", "dog"], ["--creator", "--licence", "--people"]),
    "people": (["teach", PIP, "--word", "dog", "--creator", "a", "--licence", "b", "--people", "some"],
               ["people", "some"]),
    "steps": (["teach", PIP, "--word", "mascot", "--steps", "0", *RIGHTS], ["steps", "0"]),
    "steps no number": (["teach", PIP, "--word", "mascot", "--steps", "ten", *RIGHTS], ["steps", "ten"]),
    "token": (["teach", PIP, "--word", "mascot", "--token", "two words", *RIGHTS],
              ["token", "two words"]),
    "model": (["teach", PIP, "--word", "mascot", "--model", "none", *RIGHTS], ["model", "none", "default"]),
    "no prompt": (["draw", "--out", "x"], ["prompt"]),
    "seeds": (["draw", "--prompt", "a", "--seeds", "4-1", "--out", "x"], ["seeds", "4-1"]),
    "size": (["draw", "--prompt", "a", "--size", "10x10", "--out", "x"], ["10"]),
    "embedding": (["draw", "--prompt", "a", "--embedding", "a/b/c", "--out", "x"], ["embedding", "a/b/c"]),
    "format": (["draw", "--prompt", "a", "--format", "gif", "--out", "x"], ["format", "gif"]),
    "job": (["watch", "image/sets"], ["JOB", "image/sets"]),
    "state": (["jobs", "--state", "asleep"], ["ASLEEP"]),
    "seed": (["teach", PIP, "--word", "mascot", "--seed", "-1", *RIGHTS], ["--seed", "-1", "whole number"]),
    "no steps": (["draw", "--prompt", "a", "--out", "x", "--steps", "0"], ["steps", "0"]),
    "no layer": (["draw", "--prompt", "a", "--out", "x", "--clip-skip", "0"], ["clip_skip", "0"]),
    "fewer than no checkpoints": (["teach", PIP, "--word", "mascot", "--checkpoint-every", "-1", *RIGHTS],
                                  ["checkpoint_every", "-1"]),
    "limit": (["jobs", "--limit", "-5"], ["limit", "-5"]),
    "out and no wait": (["draw", "--prompt", "a", "--no-wait", "--out", "x"], ["out", "--no-wait"]),
    "sheet and no wait": (["draw", "--prompt", "a", "--no-wait", "--no-sheet"], ["no-sheet", "--no-wait"]),
    "references and no sheet": (["draw", "--prompt", "a", "--out", "x", "--no-sheet", "--references", PIP],
                                ["references", "--no-sheet"]),
    "strength of nothing": (["draw", "--prompt", "a", "--out", "x", "--upscale-strength", "0.5"], ["upscale-strength", "--upscale"]),
    "nothing to replace": (["teach", PIP, "--word", "mascot", "--overwrite", *RIGHTS], ["overwrite", "--out"]),
    "consent of nobody": (["teach", PIP, "--word", "mascot", *RIGHTS, "--consent", "all"], ["consent", "--people none"]),
    "server of up": (["--server", "127.0.0.1:1", "up"], ["server", "imprint up"]),
    "two places": (["--server", "127.0.0.1:1", "--data", "x", "jobs"], ["data", "--server"]),
    "licence of nothing": (["up", "--licence", "MIT"], ["licence", "--model"]),
    "flag": (["jobs", "--colour"], ["--colour", "--help"]),
    "command": (["paint"], ["paint"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_exits_with_2(taught, name):
    arguments, parts = BAD[name]
    refused = taught(*arguments, code=2)
    assert all(part in refused.err for part in parts), refused.err
    assert refused.err.startswith("error: ") and refused.err.count("\n") == 1, refused.err
    (error,) = taught("--json", *arguments, code=2).events("error")
    assert all(part in json.dumps(error) for part in parts)


@pytest.mark.parametrize("flag,value,error", [
    ("--steps", "0", "steps: got 0"), ("--checkpoint-every", "-1", "checkpoint_every: got -1"),
    ("--kind", "person", "kind: got \"person\""),
])
def test_a_training_that_makes_no_sense_is_refused_before_its_pictures_are_uploaded(taught, flag, value, error):
    """By the program itself: the gateway's refusals begin with spec."""
    refused = taught("teach", PIP, "--word", "mascot", flag, value, *RIGHTS, code=2)
    assert refused.err.startswith(f"error: {error}"), refused.err


def test_one_word_in_either_form(taught):
    """é as one character and as two, as macOS names folders, through all four services."""
    photos = shutil.copytree(PIP, taught.folder / "rose\u0301")
    job = taught("--json", "teach", photos, "--word", "mascot", "--steps", 2, *RIGHTS).event("result")
    assert job["details"]["token"] == "<ros\u00e9>"
    for word in ("<ros\u00e9>", "<ROSE\u0301>"):
        drawn = taught("draw", "--prompt", f"{word} at night", "--steps", 1, "--overwrite", "--out", "rose")
        assert "<ros\u00e9> is concepts/" in drawn.out and "warning" not in drawn.err, (drawn.out, drawn.err)


def test_what_is_to_be_known_of_pictures_is_told(taught):
    """A phone's HEIC is taken; of a scan of two pages, one."""
    photos = taught.folder / "scans"
    photos.mkdir()
    (photos / "IMG_0042.HEIC").write_bytes(phone_pictures.HEIC)
    with Image.open(PIP / "1.png") as first, Image.open(PIP / "2.png") as second:
        first.save(photos / "scan.tif", save_all=True, append_images=[second])
    told = taught("teach", photos, "--word", "mascot", "--steps", 2, *RIGHTS)
    assert "warning: scan.tif: a TIFF of 2 pages; only the first is read" in told.err
    assert "2 as referenceSets/" in told.out and "learned" in told.out


@pytest.mark.parametrize("program", ["imprint-gateway", "imprint-registry", "imprint-sampler", "imprint-trainer"])
def test_every_whole_number_of_a_server_is_read_as_it_is_written(program):
    """CLI11 takes 010 for 8, and 0x10 for 16."""
    helped = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, check=True).stdout
    flags = re.findall(r"^  (?:-\w,)?(--[\w-]+) U?INT", helped, re.MULTILINE)
    assert "--max-threads" in flags and "--drain-seconds" in flags
    for flag in flags:
        done = subprocess.run([BIN / program, flag, "0x10"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and f"{flag}: got \"0x10\"; expected a whole number" in done.stderr, done.stderr
    done = subprocess.run([BIN / program], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "IMPRINT_MAX_THREADS": "0x10"})
    assert done.returncode == 2 and "whole number" in done.stderr


def test_what_prompts_do_not_use_is_told_and_not_listed(taught):
    drawn = taught("draw", "--prompt", "<nobody> asleep", "--angle-brackets-are-text", "--embedding", "pip", "--steps", 1,
                   "--out", "unused")
    assert "no prompt has <pip>" in drawn.err
    assert json.loads((taught.folder / "unused" / "manifest.json").read_text())["embeddings"] == []


def test_a_misspelt_token_is_refused_and_softer_doubts_are_told(taught):
    for prompt, part in (("<pop> asleep", 'spec.prompts[0]: got "<pop>"'), ("a dog <lora:x:1>", "no call of a network")):
        refused = taught("draw", "--prompt", prompt, "--steps", 1, "--out", "misspelt", code=2)
        assert part in refused.err and "angle_brackets_are_text" in refused.err, refused.err
    assert not (taught.folder / "misspelt" / "manifest.json").exists()
    longer = "<pip> " + "a b " * 350
    drawn = taught("draw", "--prompt", longer, "--steps", 1, "--seeds", 1, "--out", "longer")
    assert "spec.prompts[0]: the first 600 of its 701 tokens" in drawn.err
    job = taught("--json", "jobs", "--limit", 1).event("job")
    assert "600 of its 701" in taught("explain", job["name"]).err


@pytest.mark.parametrize("arguments", [
    ["watch", "jobs/none"], ["explain", "none"], ["cancel", "none"], ["retry", "none"],
    ["embeddings", "show", "none"], ["image-sets", "show", "none"], ["references", "show", "none"],
])
def test_what_is_not_there_is_named(taught, arguments):
    missing = taught(*arguments, code=2)
    assert missing.err.startswith("error: name: there is no ") and "none" in missing.err, missing.err


def test_without_a_server_it_says_how_to_get_one(imprint):
    for command in (["jobs"], ["nodes"], ["draw", "--prompt", "a", "--out", "x"]):
        assert "imprint up" in imprint(*command, code=1).err
    gone = imprint("--server", "127.0.0.1:1", "jobs", code=1)
    assert "127.0.0.1:1" in gone.err


def test_a_person_at_a_terminal_is_asked_for_the_rights(taught):
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal is to be had here: {error}")
    process = taught.start("teach", PIP, "--word", "mascot", "--token", "<asked>", "--steps", "2",
                           stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    answers = [b"who made", b"Ada\n", b"licence", b"own work\n", b"people", b"none\n"]
    said = b""
    seen = 0
    try:
        while select.select([ours], [], [], 120)[0]:
            said += os.read(ours, 65536)
            if answers and answers[0] in said[seen:].lower():
                seen = len(said)
                os.write(ours, answers[1])
                answers = answers[2:]
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    assert process.wait(60) == 0, said.decode()
    assert not answers
    text = said.decode()
    assert "2/2" in text and "\x1b" not in text.replace("\x1b[K", ""), text
    references = taught("--json", "references", "list").events("references")
    rights = [e["details"]["rights"] for e in references]
    assert any(r["creator"] == "Ada" and r["licence"] == "own work" for r in rights)


def test_json_everywhere_is_one_object_a_line(taught):
    job = taught("--json", "draw", "--prompt", "<pip> in space", "--seeds", "1-200", "--steps", 4,
                 "--no-wait").event("job")
    for line, event in [
            (["models", "list"], "model"), (["nodes"], "node"), (["jobs"], "job"),
            (["explain", job["name"]], "explanation"), (["cancel", job["name"]], None),
            (["image-sets", "show", job["image_set"]], "image_set"),
            (["references", "list"], "references"), (["embeddings", "show", "pip"], "embedding"),
            (["embeddings", "export", "pip", "--out", "again.safetensors"], "exported"),
            (["embeddings", "import", "again.safetensors", "--concept", "twin", "--token", "<twin>", *RIGHTS],
             "embedding")]:
        said = taught("--json", *line).out
        events = [json.loads(each) for each in said.splitlines()]
        assert events and all(isinstance(e, dict) and "event" in e for e in events), (line, said)
        assert event is None or event in {e["event"] for e in events}, (line, said)


def test_models_and_nodes_are_named(taught):
    (model,) = taught("--json", "models", "list").events("model")
    assert len(model["details"]["fingerprint"]) == 64
    nodes = {e["name"]: e for e in taught("--json", "nodes").events("node")}
    assert set(nodes) == {"trainer-0", "sampler-0"}, nodes
