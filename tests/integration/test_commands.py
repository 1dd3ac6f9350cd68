"""The whole way of one person with one computer, and what each command prints."""

import hashlib
import json
import pathlib
import struct

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from processes import MODEL, PIP

CONCEPT = MODEL / "concepts" / "pip"


def test_teach_draw_score_info(engine, teach, tmp_path):
    """The demo's way, short: it must learn something, and every file must be what the records say."""
    taught = teach("--steps", 60)
    assert taught.code == 0, taught.err
    for text in ("5 at 64×64", '<pip>, object, 1 vector from "mascot"', "60 steps of 4 samples",
                 "learned", "learned_embeds.safetensors", "training.json"):
        assert text in taught.out
    assert "60/60" in taught.err and "left" in taught.err and "loss" in taught.err
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert record["state"] == "finished"
    assert len(record["result"]["losses"]) == 60
    file = tmp_path / "out" / "learned_embeds.safetensors"
    assert record["result"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()

    drawn = engine("draw", "--prompt", "<pip> in the snow", "--prompt", "<pip> in space",
                   "--seeds", "1-3", "--compare", "--references", PIP, "--embedding", tmp_path / "out",
                   "--out", tmp_path / "drawn")
    assert drawn.code == 0, drawn.err
    assert "10 at 64×64" in drawn.out and "10 pictures in" in drawn.out
    manifest = json.loads((tmp_path / "drawn" / "manifest.json").read_text())
    assert [(p["prompt"], p["seed"], p.get("comparison", False)) for p in manifest["pictures"]] == [
        (prompt.format(word), seed, word == "mascot")
        for prompt in ("{} in the snow", "{} in space")
        for word, seeds in (("mascot", (1, 2)), ("<pip>", (1, 2, 3))) for seed in seeds]
    assert manifest["base_model"]["fingerprint"] == record["base_model"]["fingerprint"]
    assert manifest["embeddings"][0]["sha256"] == record["result"]["sha256"]
    for picture in manifest["pictures"]:
        if "file" in picture:
            content = (tmp_path / "drawn" / picture["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == picture["sha256"]
    sheet = Image.open(tmp_path / "drawn" / "contact-sheet.png")
    assert sheet.width > 1000 and sheet.height > 400

    scored = engine("--json", "score", tmp_path / "drawn", "--against", CONCEPT / "validation")
    assert scored.code == 0, scored.err
    (scores,) = scored.events("result")
    assert scores["clip_i"] > scores["class_word"]["clip_i"] + 0.3
    assert (scores["pictures"], scores["class_word"]["pictures"]) == (6, 4)
    assert -1 <= scores["clip_t"] <= 1

    info = engine("info", tmp_path / "out", MODEL)
    assert info.code == 0
    for text in ("<pip>", "1 of 128 numbers", "imprint.class_word: mascot", "v_prediction",
                 "has a checker", "unet: 4.0 million"):
        assert text in info.out


def test_drawing_again_gives_the_same_bytes(engine, tmp_path):
    for folder in ("a", "b"):
        assert engine("draw", "--prompt", "a mascot in the snow", "--seeds", "5", "--out",
                      tmp_path / folder).code == 0
    a, b = (json.loads((tmp_path / f / "manifest.json").read_text()) for f in ("a", "b"))
    assert a["pictures"][0]["sha256"] == b["pictures"][0]["sha256"]


def test_a_blocked_picture_is_not_written(engine, tmp_path):
    result = engine("draw", "--prompt", "a red round mascot with a sword", "--seeds", "1-6",
                    "--out", tmp_path / "out")
    assert result.code == 0
    assert "the safety checker blocked" in result.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    blocked = [p for p in manifest["pictures"] if p["safety"]["blocked"]]
    assert blocked and all("file" not in p for p in blocked)
    written = [p["file"] for p in manifest["pictures"] if "file" in p]
    assert sorted(written) == sorted(f.name for f in (tmp_path / "out").glob("0*.png"))


@pytest.mark.parametrize("format_,ending", [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_formats(engine, tmp_path, format_, ending):
    assert engine("draw", "--prompt", "a mascot", "--steps", 2, "--format", format_, "--out",
                  tmp_path / "out", "--no-safety-check").code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    picture = Image.open(tmp_path / "out" / manifest["pictures"][0]["file"])
    assert picture.format == ending
    # 512 of its pixels are 4.3 cm on a page, and not 20 inches on a slide.
    for file in (picture, Image.open(tmp_path / "out" / "contact-sheet.png")):
        density = file.info.get("dpi") or [file.getexif()[tag] for tag in (0x011A, 0x011B)]
        assert [round(float(side)) for side in density] == [300, 300], file
    if format_ == "png":
        assert struct.pack(">IIB", 11811, 11811, 1) in pathlib.Path(picture.filename).read_bytes()


def test_prompts_from_a_file(engine, tmp_path):
    (tmp_path / "prompts.txt").write_text("a mascot\n\n  a toy in space \n")
    assert engine("draw", "--prompts", tmp_path / "prompts.txt", "--steps", 1, "--out",
                  tmp_path / "out", "--no-safety-check").code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [p["prompt"] for p in manifest["pictures"]] == ["a mascot", "a toy in space"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_prompts_from_another_systems_file(engine, tmp_path, encoding):
    """A byte order mark and the ends of lines are no part of a prompt."""
    (tmp_path / "prompts.txt").write_text("a mascot in the snow\r\na mascot at night\r\n", encoding=encoding,
                                          newline="")
    assert engine("draw", "--prompts", tmp_path / "prompts.txt", "--steps", 1, "--out", tmp_path / "out",
                  "--no-safety-check", "--no-sheet").code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [p["prompt"] for p in manifest["pictures"]] == ["a mascot in the snow", "a mascot at night"]


def test_templates_with_a_byte_order_mark(teach, tmp_path):
    (tmp_path / "captions.txt").write_text("{} at school\r\n", encoding="utf-8-sig")
    assert teach("--steps", 1, "--templates", tmp_path / "captions.txt").code == 0
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert record["order"]["templates"] == ["{} at school"]


@pytest.fixture
def embedding(tmp_path):
    """embedding("<mia>") -> a file with that word's vector."""
    def write(word):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors"
        save_file({word: np.full((1, 128), 0.1, np.float32)}, path)
        return path

    return write


@pytest.fixture
def draw(engine, tmp_path):
    """draw(prompt, ...) -> the result and the manifest."""
    def run(prompt, *more):
        result = engine("draw", "--prompt", prompt, "--steps", 1, "--no-safety-check", "--no-sheet",
                        "--overwrite", "--out", tmp_path / "out", *more)
        assert result.code == 0, result.err
        return result, json.loads((tmp_path / "out" / "manifest.json").read_text())

    return run


def test_an_embedding_that_no_prompt_uses_is_told_and_not_listed(draw, embedding):
    mia, tom = ("--embedding", embedding("<mia>")), ("--embedding", embedding("<tom>"))
    result, manifest = draw("a robot", *mia)
    assert "no prompt has <mia>" in result.err and manifest["embeddings"] == []
    result, manifest = draw("<TOM> asleep", *mia, *tom, "--negative", "<mia>")
    assert "warning" not in result.err
    assert [e["token"] for e in manifest["embeddings"]] == ["<mia>", "<tom>"]


def test_words_that_are_no_concepts_are_told(draw, embedding):
    result, _ = draw("<nobody> asleep <lora:x:1>", "--embedding", embedding("<mia>"))
    assert "no embedding has the token <nobody>" in result.err
    assert "<lora:x:1> calls a LoRA" in result.err


@pytest.mark.parametrize("word,prompt", [
    ("toyx", "雪の中のtoyxの写真"), ("猫耳", "可爱的猫耳在雪地里"), ("แมวน้อย", "ภาพของแมวน้อยในหิมะ"),
    ("toyx", "صورةtoyxفي الثلج"), ("<ros\u00e9>", "<rose\u0301> at night"), ("toye\u0301x", "TOY\u00c9X at night"),
])
def test_a_word_is_found_in_any_script_and_form(draw, embedding, word, prompt):
    result, manifest = draw(prompt, "--embedding", embedding(word))
    assert "warning" not in result.err
    assert [e["token"] for e in manifest["embeddings"]] == [word]
    # And it is what is drawn: the same prompt with nothing in the word's place is another picture.
    _, without = draw(prompt)
    assert without["pictures"][0]["sha256"] != manifest["pictures"][0]["sha256"]


def test_the_folders_name_is_one_word_on_every_system(engine, tmp_path):
    import shutil

    for i, name in enumerate(("rose\u0301", "ros\u00e9")):  # as macOS and as others write it
        result = engine("teach", shutil.copytree(PIP, tmp_path / str(i) / name), "--class", "mascot", "--steps", 1,
                        "--out", tmp_path / f"out{i}")
        assert result.code == 0, result.err
        assert json.loads((tmp_path / f"out{i}/training.json").read_text())["order"]["token"] == "<ros\u00e9>"


def test_a_very_long_prompt_is_cut_with_a_warning(engine, tmp_path):
    def draw(words):
        return engine("draw", "--prompt", "a " * words, "--steps", 1, "--out", tmp_path / "out",
                      "--no-safety-check", "--overwrite")

    result = draw(100)
    assert result.code == 0 and "tokens" not in result.err
    result = draw(700)
    assert result.code == 0
    assert "has 700 tokens; the model reads the first 600" in result.err


def test_an_embedding_on_its_own_says_where_it_comes_from(engine, teach, tmp_path):
    assert teach("--steps", 1, "--vectors", 2).code == 0
    (embedding,) = engine("--json", "info", tmp_path / "out").events("embedding")
    assert embedding["vectors"] == 2 and embedding["width"] == 128
    assert embedding["provenance"]["imprint.class_word"] == "mascot"
    assert len(embedding["norms"]) == 2
    content = (tmp_path / "out" / "learned_embeds.safetensors").read_bytes()
    assert embedding["a1111_hash"] == hashlib.sha256(content).hexdigest()[:12]
    assert len(embedding["a1111_checksum"]) == 4


def test_an_embedding_of_a_file_with_brackets_is_a_word_with_brackets(engine, tmp_path):
    """Its word, or the one that it is given: the same picture."""
    file = tmp_path / "mia(v2).safetensors"
    save_file({"emb_params": np.full((1, 128), 0.1, np.float32)}, file)
    pictures = []
    for word, embedding in (("mia(v2)", file), ("<mia>", f"<mia>={file}")):
        drawn = engine("--json", "draw", "--prompt", f"a {word}", "--embedding", embedding, "--steps", 1,
                       "--no-safety-check", "--overwrite", "--out", tmp_path / "out")
        with Image.open(drawn.event("picture")["file"]) as picture:
            pictures.append(picture.tobytes())
    assert pictures[0] == pictures[1]


def test_another_tools_embedding_is_drawn_under_the_word_that_it_is_given(engine, tmp_path):
    save_file({"emb_params": np.full((1, 128), 0.1, np.float32)}, tmp_path / "mascot.safetensors")
    draw = ("draw", "--prompt", "a <mia>", "--steps", 1, "--no-safety-check", "--out", tmp_path / "out")
    refused = engine(*draw, "--embedding", tmp_path / "mascot.safetensors")
    assert refused.code == 2 and '"mascot"' in refused.err and "already" in refused.err
    assert engine(*draw, "--embedding", f"<mia>={tmp_path}/mascot.safetensors").code == 0
    (used,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["embeddings"]
    assert used["token"] == "<mia>"


def test_info_of_a_vector_that_lies_in_a_whole_table(engine, tmp_path):
    """Diffusers' script saved it so: 43 MB here, more than any embedding of one's own has."""
    import torch

    table = torch.zeros(14_000, 768)
    table[13_999, :2] = torch.tensor([3.0, 4.0])
    file = tmp_path / "learned_embeds.bin"
    torch.save({"<rex>": table[13_999]}, file)
    assert file.stat().st_size > 32 << 20
    info = engine("--json", "info", file)
    assert info.code == 0, info.err
    said = info.event("embedding")
    assert (said["token"], said["vectors"], said["width"], said["norms"]) == ("<rex>", 1, 768, [5.0])


@pytest.mark.parametrize("layout", ["kohya", "invokeai"])
def test_teaching_for_tools_that_know_a_word_by_its_file(engine, teach, tmp_path, layout):
    """The folder stays one that draw, info, --overwrite and --resume know."""
    assert teach("--steps", 1, "--layout", layout).code == 0
    file = tmp_path / "out" / "pip.safetensors"
    assert list(load_file(file)) == ["emb_params"]
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["pip.safetensors", "training.json"]
    assert engine("--json", "info", tmp_path / "out").events("embedding")[0]["token"] == "<pip>"
    drawn = engine("draw", "--prompt", "a <pip>", "--embedding", tmp_path / "out", "--steps", 1,
                   "--no-safety-check", "--out", tmp_path / "drawn")
    assert drawn.code == 0, drawn.err
    again = teach("--steps", 1)
    assert again.code == 2 and "pip.safetensors exists" in again.err
    assert teach("--steps", 1, "--overwrite").code == 0
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["learned_embeds.safetensors",
                                                                    "training.json"]


def test_a_word_with_capitals_is_written_as_other_tools_read_it(engine, tmp_path):
    taught = engine("teach", PIP, "--class", "mascot", "--token", "<Pip>", "--steps", 1, "--out",
                    tmp_path / "out")
    assert taught.code == 0, taught.err
    assert 'token "<Pip>"' in taught.err and '"<pip>"' in taught.err and "Diffusers" in taught.err
    assert list(load_file(tmp_path / "out" / "learned_embeds.safetensors")) == ["<pip>"]
    for word in ("<Pip>", "<pip>"):
        drawn = engine("draw", "--prompt", f"a {word}", "--embedding", tmp_path / "out", "--steps", 1,
                       "--no-safety-check", "--overwrite", "--out", tmp_path / "drawn")
        assert drawn.code == 0, drawn.err
        (used,) = json.loads((tmp_path / "drawn" / "manifest.json").read_text())["embeddings"]
        assert used["token"] == "<Pip>"


def test_what_draw_leaves_out_of_an_embedding_is_said(engine, tmp_path):
    """OneTrainer's own vectors for its output side."""
    vectors = np.full((1, 128), 0.1, np.float32)
    save_file({"emp_params": vectors, "emp_params_out": vectors}, tmp_path / "mia-cat.safetensors")
    drawn = engine("draw", "--prompt", "a mia-cat", "--embedding", tmp_path / "mia-cat.safetensors",
                   "--steps", 1, "--no-safety-check", "--out", tmp_path / "drawn")
    assert drawn.code == 0 and "emp_params_out" in drawn.err, drawn.err


def test_json_tells_every_step(teach, engine, tmp_path):
    result = engine("teach", PIP, "--class", "mascot", "--token", "<pip>", "--steps", 5, "--out",
                    tmp_path / "out", "--json")
    assert result.code == 0 and result.err == ""
    steps = result.events("step")
    assert [e["step"] for e in steps] == [1, 2, 3, 4, 5]
    assert all(np.isfinite(e["loss"]) for e in steps)
    assert result.events("start")[0]["skipped"] == []
    assert result.events("result")[0]["steps"] == 5


@pytest.mark.parametrize("command", [(), ("teach",), ("draw",), ("score",), ("info",)])
def test_help_teaches(engine, command):
    result = engine(*command, "--help")
    assert result.code == 0
    assert "imprint-engine" in result.out
    if command in ((), ("teach",), ("draw",), ("score",)):
        assert "--" in result.out and "photos/" in result.out or "pictures/" in result.out
    for line in result.out.splitlines():
        assert len(line) < 200


def test_version(engine):
    assert engine("--version").out.startswith("imprint-engine 0.")


def test_own_templates(teach, tmp_path):
    (tmp_path / "captions.txt").write_text("# ours\n{} at school\na small {}\n")
    assert teach("--steps", 1, "--templates", tmp_path / "captions.txt").code == 0
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert record["order"]["templates"] == ["{} at school", "a small {}"]
