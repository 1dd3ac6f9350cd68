"""Bad input: exit code 2, one error that names the field, what was given and what is expected; and
nothing half-written."""

import json
import os
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from processes import MODEL, PIP


def refused(result, *parts, code=2):
    assert result.code == code, (result.code, result.out, result.err)
    for part in parts:
        assert part in result.err, (part, result.err)
    assert "defect" not in result.err
    assert result.err.count("error:") == 1


def no_result(folder):
    """No embedding, no record, no pictures, no temporary files."""
    assert not folder.exists() or not list(folder.rglob("*"))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(PIP, folder)
    return folder


def chunk(kind, body):
    return (struct.pack(">I", len(body)) + kind + body
            + struct.pack(">I", zlib.crc32(kind + body)))


def test_no_pictures(teach, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(teach(pictures=tmp_path / "empty"), "pictures", "an empty folder", "PNG, JPEG, WebP, HEIC")
    refused(teach(pictures=tmp_path / "none"), "pictures", "none")
    no_result(tmp_path / "out")


def test_a_truncated_picture(teach, photos, tmp_path):
    whole = (photos / "2.png").read_bytes()
    (photos / "2.png").write_bytes(whole[: len(whole) // 2])
    refused(teach(pictures=photos), 'picture 2 ("2.png")', "damaged or truncated PNG")
    no_result(tmp_path / "out")


def test_a_png_that_claims_to_be_huge(teach, photos, tmp_path):
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    (photos / "9.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b""))
    refused(teach(pictures=photos), '"9.png"', "50000×50000", "at most 20000")
    no_result(tmp_path / "out")


def test_text_named_png(teach, photos, tmp_path):
    (photos / "notes.png").write_text("Dear diary")
    refused(teach(pictures=photos), '"notes.png"', "not a picture", "PNG, JPEG, WebP, HEIC")


def test_an_animated_gif(teach, photos):
    frames = [Image.new("RGB", (64, 64), c) for c in ("red", "blue")]
    frames[0].save(photos / "wave.gif", save_all=True, append_images=frames[1:])
    refused(teach(pictures=photos), '"wave.gif"', "GIF is not supported")


def test_an_animated_webp(teach, photos):
    frames = [Image.new("RGB", (64, 64), c) for c in ("red", "blue")]
    frames[0].save(photos / "wave.webp", save_all=True, append_images=frames[1:])
    refused(teach(pictures=photos), '"wave.webp"', "animation of 2 frames")


@pytest.mark.parametrize("token,part", [
    ("", "got none"), ("mascot", "already in the model's vocabulary"), ("DOG", "already in the model's vocabulary"),
    ("my dog", "without spaces"), ("a\tb", "without spaces"), ("<|endoftext|>", "<|"),
])
def test_tokens_that_cannot_work(engine, tmp_path, token, part):
    result = engine("teach", PIP, "--class", "mascot", "--token", token, "--out", tmp_path / "out")
    refused(result, "token: got", part)
    no_result(tmp_path / "out")


@pytest.mark.parametrize("prompt,parts", [
    ("", ("prompt: got \"\"", "words")),
    (" ", ("prompt",)),
    ("a" * 10_000, ("prompt", "10000 bytes", "at most 2000")),
])
def test_prompts(engine, tmp_path, prompt, parts):
    result = engine("draw", "--prompt", prompt, "--out", tmp_path / "out")
    refused(result, *parts)
    no_result(tmp_path / "out")


@pytest.mark.parametrize("option,value,parts", [
    ("--steps", "0", ("steps: got 0", "1 to 1000000")),
    ("--steps", "1000000000", ("steps: got 1000000000",)),
    ("--lr", "nan", ("learning_rate: got nan",)),
    ("--lr", "-0.001", ("learning_rate: got -0.001",)),
    ("--lr", "inf", ("learning_rate: got inf",)),
    ("--batch", "0", ("batch: got 0",)),
    ("--vectors", "76", ("vectors: got 76", "1 to 75")),
    ("--size", "63", ("size: got 63", "multiple of 4")),
    ("--kind", "person", ("kind", "person", "object")),
    ("--fit", "zoom", ("fit", "zoom", "crop")),
    ("--schedule", "sudden", ("schedule", "sudden", "cosine")),
    ("--max-growth", "0.1", ("max_growth: got 0.1",)),
])
def test_recipes(teach, tmp_path, option, value, parts):
    refused(teach(f"{option}={value}"), *parts)
    no_result(tmp_path / "out")


@pytest.mark.parametrize("option,value,parts", [
    ("--steps", "0", ("steps: got 0",)),
    ("--steps", "1000000000", ("steps: got 1000000000",)),
    ("--guidance", "nan", ("guidance: got nan",)),
    ("--size", "65x64", ("width: got 65", "multiple of 4")),
    ("--size", "big", ("size", "big")),
    ("--seeds", "1,two", ("seeds", "1,two")),
    ("--batch", "0", ("batch: got 0",)),
    ("--format", "gif", ("format", "gif", "png, jpeg or webp")),
    ("--precision", "fp8", ("precision: got \"fp8\"", "bf16 or fp16")),
    ("--device", "gpu", ("device: got \"gpu\"", "cuda:N")),
    ("--prompt", "(cat:1000)", ("prompt: weight: got 1000", "-100 to 100")),
    ("--prompt", "(" * 200, ("prompt: brackets", "100")),
    ("--negative", "(cat:1.2.3)", ("negative_prompt: weight", "1.2.3")),
    ("--prompt-style", "compel", ("prompt_style", "compel", "literal")),
    ("--clip-skip", "0", ("clip_skip: got 0", "1 to 2")),
    ("--clip-skip", "3", ("clip_skip: got 3", "1 to 2")),
    ("--strength", "0.5", ("strength: got 0.5", "--from")),
    ("--from", "/nowhere/river.png", ("from", "/nowhere/river.png")),
    ("--from", str(MODEL / "model_index.json"), ("from", "model_index.json")),
    ("--upscale", "0.5", ("upscale: got 0.5", "1 to 4")),
    ("--upscale", "1.001", ("upscale: got 1.001", "64x64")),
    ("--upscale", "nan", ("upscale: got nan",)),
])
def test_drawing_options(engine, tmp_path, option, value, parts):
    refused(engine("draw", "--prompt", "a mascot", "--out", tmp_path / "out", f"{option}={value}"),
            *parts)


def test_a_gpu_that_is_not_there(engine, tmp_path):
    result = engine("draw", "--prompt", "a mascot", "--out", tmp_path / "out", "--device", "cuda:1023")
    assert result.code == 1 and "device: got cuda:1023; expected a device of this machine" in result.err
    no_result(tmp_path / "out")
    listed = engine("--json", "devices").events("device")
    assert listed[0]["name"] == "cpu" and listed[0]["usable"] and "fp32" in listed[0]["precisions"]


@pytest.fixture
def model_copy(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder, ignore=shutil.ignore_patterns("concepts"))
    return folder


@pytest.mark.parametrize("file", [
    "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
    "tokenizer/vocab.json", "vae/config.json", "scheduler/scheduler_config.json",
])
def test_a_model_with_a_missing_file(engine, model_copy, tmp_path, file):
    (model_copy / file).unlink()
    result = engine("draw", "--model", model_copy, "--prompt", "a mascot", "--out", tmp_path / "o")
    refused(result, os.path.dirname(file))
    no_result(tmp_path / "o")


def test_a_model_with_a_missing_tensor_or_a_wrong_shape(engine, model_copy, tmp_path):
    from safetensors.numpy import load_file

    path = model_copy / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    conv = tensors.pop("conv_in.weight")
    save_file(tensors, path)
    refused(engine("info", model_copy), "missing", "conv_in.weight")
    save_file({**tensors, "conv_in.weight": conv[:, :, :2]}, path)
    refused(engine("info", model_copy), "conv_in.weight", "[64, 4, 2, 3]", "[64, 4, 3, 3]")


def safetensors(header, data=b""):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + data


def entry(begin, end, shape=(1, 128)):
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, end]}


@pytest.mark.parametrize("content,parts", [
    (b"", ("0 bytes",)),
    (b"\xff" * 16, ("header length", "18446744073709551615")),
    (safetensors(b"not json"), ("header", "JSON")),
    (safetensors(b'{"<a>": {"dtype": ' + b"[" * 400_000), ("header", "nested")),
    (safetensors({"<a>": entry(0, 512)}, b"\0" * 500), ("truncated",)),
    (safetensors({"<a>": entry(0, 512), "<b>": entry(256, 768)}, b"\0" * 768), ("inside",)),
    (safetensors({"<a>": entry(0, 2**64)}, b"\0" * 512), ("data_offsets",)),
    (safetensors({"<a>": entry(0, 0, (2**32, 2**32))}), ("shape",)),
    (safetensors({"<a>": entry(0, 512, (1, 64))}, b"\0" * 512), ("512 bytes", "256 bytes")),
    (safetensors({"<a>": entry(0, 512)}, b"\xff" * 512), ("nan", "finite")),
])
def test_embedding_files_that_are_damaged(engine, tmp_path, content, parts):
    (tmp_path / "bad.safetensors").write_bytes(content)
    for command in (("info", tmp_path / "bad.safetensors"),
                    ("draw", "--embedding", tmp_path / "bad.safetensors", "--prompt", "a <a>",
                     "--out", tmp_path / "out")):
        refused(engine(*command), "bad.safetensors", *parts)
    no_result(tmp_path / "out")


def test_an_embedding_of_the_wrong_width(engine, tmp_path):
    save_file({"<mia>": np.ones((1, 768), np.float32)}, tmp_path / "mia.safetensors")
    result = engine("draw", "--embedding", tmp_path / "mia.safetensors", "--prompt", "a <mia>",
                    "--out", tmp_path / "out")
    refused(result, '"<mia>"', "width: got 768", "Stable Diffusion 1.x", "128")


def test_what_is_taken_for_an_embedding_is_refused_by_name(engine, tmp_path):
    save_file({"clip_l": np.ones((1, 768), np.float32), "clip_g": np.ones((1, 1280), np.float32)},
              tmp_path / "mia.safetensors")
    refused(engine("info", tmp_path / "mia.safetensors"), "mia.safetensors", "an SDXL embedding")
    save_file({"lora_unet_x.lora_up.weight": np.ones((1, 8), np.float32)},
              tmp_path / "mia.safetensors")
    refused(engine("draw", "--embedding", tmp_path / "mia.safetensors", "--prompt", "mia", "--out",
                   tmp_path / "out"), "mia.safetensors", "a LoRA")


def test_a_pickle_that_would_run_code_is_refused(engine, tmp_path):
    mark = tmp_path / "mark"
    (tmp_path / "mia.pt").write_bytes(
        b"\x80\x02cos\nsystem\nX" + struct.pack("<I", len(f"touch {mark}")) + f"touch {mark}".encode()
        + b"\x85R.")
    refused(engine("info", tmp_path / "mia.pt"), "mia.pt", "byte 2", 'global: got "os.system"',
            "nothing in the file was executed")
    assert not mark.exists()


def test_an_embedding_that_drives_the_model_mad_draws_nothing(engine, tmp_path):
    save_file({"<mad>": np.full((1, 128), 1e30, np.float32)}, tmp_path / "mad.safetensors")
    result = engine("draw", "--embedding", tmp_path / "mad.safetensors", "--prompt", "a <mad>",
                    "--steps", 2, "--out", tmp_path / "out")
    refused(result, "picture 1", "not numbers", code=1)
    no_result(tmp_path / "out")


def test_a_config_that_asks_for_the_impossible(engine, model_copy):
    path = model_copy / "text_encoder" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "num_hidden_layers": 16_000_000}))
    refused(engine("info", model_copy), "num_hidden_layers", "16000000", "1 to 128")
    path.write_text('{"hidden_size": ' + "[" * 400_000)
    refused(engine("info", model_copy), "text_encoder/config.json", "nested")


def test_a_class_word_that_is_no_utf8(engine, tmp_path):
    result = engine("teach", PIP, "--class", b"m\xff".decode(errors="surrogateescape"),
                    "--token", "<pip>", "--out", tmp_path / "out")
    refused(result, "class_word", "UTF-8")
    no_result(tmp_path / "out")


@pytest.mark.parametrize("name", ["my dog", "Zürich [final]"])
def test_a_file_name_that_is_no_word(engine, tmp_path, name):
    """It says how to use the file; and that works."""
    file = tmp_path / f"{name}.safetensors"
    save_file({"emb_params": np.full((1, 128), 0.1, np.float32)}, file)
    draw = ("draw", "--prompt", "a <mia>", "--steps", 1, "--no-safety-check", "--out", tmp_path / "out")
    refused(engine(*draw, "--embedding", file), "embedding", f'"{name}"', "WORD=PATH")
    no_result(tmp_path / "out")
    assert engine(*draw, "--embedding", f"<mia>={file}").code == 0


def test_layouts_and_words_that_do_not_go_together(engine, tmp_path):
    def teach(token, layout):
        return engine("teach", PIP, "--class", "mascot", "--token", token, "--layout", layout, "--out",
                      tmp_path / "out")

    refused(teach("<pip>", "a1111"), "layout", "a1111", "diffusers, kohya, invokeai")
    refused(teach("<pip/2>", "invokeai"), "token", "<pip/2>", "a word that a file can be called by")
    no_result(tmp_path / "out")


def test_two_embeddings_of_one_token(engine, tmp_path):
    for name in ("a", "b"):
        save_file({"<mia>": np.ones((1, 128), np.float32)}, tmp_path / name)
    result = engine("draw", "--embedding", tmp_path / "a", "--embedding", tmp_path / "b",
                    "--prompt", "a <mia>", "--out", tmp_path / "out")
    refused(result, "token", "<mia>", "taken")


def test_a_folder_that_cannot_be_written(teach, engine, tmp_path):
    # Root may write anywhere, but nobody may make a folder below a file.
    (tmp_path / "file").write_text("in the way")
    refused(teach(out=tmp_path / "file" / "out"), "out: ", "file/out")
    refused(teach(out="/proc/imprint"), "/proc/imprint")
    result = engine("draw", "--prompt", "a mascot", "--out", tmp_path / "file" / "out")
    refused(result, "out: ", "file/out")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_finished_embedding_is_not_overwritten(teach, engine, tmp_path):
    assert teach("--steps", 2).code == 0
    before = (tmp_path / "out" / "learned_embeds.safetensors").read_bytes()
    refused(teach("--steps", 3), "exists", "--overwrite")
    assert (tmp_path / "out" / "learned_embeds.safetensors").read_bytes() == before
    # What is refused replaces nothing.
    record = (tmp_path / "out" / "training.json").read_bytes()
    refused(engine("teach", PIP, "--class", "mascot", "--token", "mascot", "--out",
                   tmp_path / "out", "--overwrite"), "token", "mascot")
    assert (tmp_path / "out" / "learned_embeds.safetensors").read_bytes() == before
    assert (tmp_path / "out" / "training.json").read_bytes() == record
    assert teach("--steps", 3, "--overwrite").code == 0
    assert (tmp_path / "out" / "learned_embeds.safetensors").read_bytes() != before


def test_an_earlier_drawing_is_not_mixed_with_another(engine, tmp_path):
    def draw(prompt, *more):
        return engine("draw", "--prompt", prompt, "--steps", 1, "--no-safety-check",
                      "--out", tmp_path / "out", *more)

    assert draw("a mascot").code == 0
    (tmp_path / "out" / "mine.txt").write_text("not of the drawing")
    refused(draw("a toy"), "manifest.json", "exists", "--overwrite")
    assert draw("a toy", "--overwrite", "--no-sheet").code == 0
    kept = ["001-a-toy-s1.png", "manifest.json", "mine.txt"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == kept
    # What is refused replaces nothing, however late it is found out.
    save_file({"<mia>": np.ones((1, 768), np.float32)}, tmp_path / "mia.safetensors")
    refused(draw("a <mia>", "--overwrite", "--embedding", tmp_path / "mia.safetensors"), "width")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == kept


def test_a_model_without_a_safety_checker_fails_closed(engine, model_copy, tmp_path):
    shutil.rmtree(model_copy / "safety_checker")
    command = ("draw", "--model", model_copy, "--prompt", "a mascot", "--steps", 1, "--out",
               tmp_path / "out")
    refused(engine(*command), "no safety checker", "--no-safety-check", code=1)
    no_result(tmp_path / "out")
    assert engine(*command, "--no-safety-check").code == 0


def test_errors_for_programs_are_json(engine, tmp_path):
    result = engine("--json", "draw", "--prompt", "a mascot", "--steps", 0, "--out", tmp_path / "o")
    assert result.code == 2 and result.err == ""
    (error,) = result.events("error")
    assert error["code"] == "INVALID_ARGUMENT" and "steps: got 0" in error["message"]


def test_a_class_word_of_no_word(engine, tmp_path):
    result = engine("teach", PIP, "--class", " ", "--token", "<x>", "--out", tmp_path / "out")
    refused(result, "class_word: got", "such as")


def test_unknown_options_and_commands(engine):
    refused(engine("teach", PIP, "--stepz", 3), "--stepz")
    refused(engine("paint"), "paint")
    refused(engine(), "command: got none", "teach")
    refused(engine("--threads", -1, "info", MODEL), "threads: got -1")
    assert engine("--json", "paint").events("error")[0]["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("arguments,parts", [
    (("teach", PIP, "--class", "x", "--out", "out", "--seed", "-1"), ("--seed: got \"-1\"", "from 0 to 18446744073709551615")),
    (("teach", PIP, "--class", "x", "--out", "out", "--seed", 2**64), ("--seed: got",)),
    (("teach", PIP, "--class", "x", "--out", "out", "--steps", "0x10"), ("--steps: got \"0x10\"", "whole number")),
    (("draw", "--prompt", "x", "--out", "out", "--seeds", "-1"), ("seeds: got",)),
    (("draw", "--prompt", "x", "--out", "out", "--batch", "99999999999"), ("--batch",)),
    (("draw", "--prompt", "x", "--out", "out", "--no-sheet", "--title", "T"), ("title: got \"T\"", "--no-sheet")),
    (("draw", "--prompt", "x", "--out", "out", "--no-sheet", "--references", PIP), ("references: got", "--no-sheet")),
    (("draw", "--prompt", "x", "--out", "out", "--upscale-strength", "0.5"), ("upscale-strength: got", "--upscale")),
    (("--threads", "-2", "devices"), ("threads: got -2",)),
])
def test_flags_that_would_mean_something_else(engine, tmp_path, arguments, parts):
    refused(engine(*arguments), *parts)
    no_result(tmp_path / "out")


def test_a_text_that_is_no_utf8(engine, tmp_path):
    (tmp_path / "prompts.txt").write_text("a mascot\n", encoding="utf-16")
    refused(engine("draw", "--prompts", tmp_path / "prompts.txt", "--out", tmp_path / "out"), "prompts: ",
            "prompts.txt", "got UTF-16", "UTF-8")


def test_a_negative_number_is_a_value(teach):
    refused(teach("--lr", "-0.5"), "learning_rate: got -0.5")
