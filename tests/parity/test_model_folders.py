"""Folders of the demo model as other programs leave them, against Diffusers' reading of the same folder."""

import json
import shutil

import numpy as np
import pytest
import torch
from conftest import MODEL
from safetensors.torch import load_file, save_file
from test_pictures import drawn, picture_of

PIP = MODEL / "concepts" / "pip" / "images"


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy, ignore=shutil.ignore_patterns("concepts", "clip"))
    return copy


def edited(path, **change):
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def rewritten(path, change):
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def info(engine, model):
    events = [json.loads(line) for line in engine("--json", "info", model).splitlines()]
    return next(event for event in events if event["event"] == "model")


def pipeline(folder):
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def check_pictures(engine, pipe, model, prompts, out, *options):
    engine("draw", "--model", model, *(o for p in prompts for o in ("--prompt", p)), "--seeds", "11", "--steps", "6",
           "--guidance", "5", "--out", out, "--no-safety-check", "--no-sheet", "--prompt-style", "literal", *options)
    for prompt, ours in zip(prompts, drawn(out), strict=True):
        theirs = picture_of(pipe, prompt, 11, num_inference_steps=6)
        assert theirs.std() > 5, "a blank picture would show nothing"
        assert np.abs(ours - theirs).max() <= 1, prompt


def test_the_demo_loads_plainly_and_has_the_names_that_older_transformers_read():
    """As everybody types it: one type throughout. Version 4 of transformers (4.57.6), which is not run here, reads
    these names alone, and takes others for missing, which it fills with noise."""
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(MODEL)
    pipe.set_progress_bar_config(disable=True)
    seen = pipe("a red round mascot in space", num_inference_steps=3, height=64, width=64,
                generator=torch.Generator().manual_seed(3))
    assert len(seen.images) == 1 and len(seen.nsfw_content_detected) == 1
    text = load_file(MODEL / "text_encoder" / "model.safetensors")
    assert all(name.startswith("text_model.") and tensor.dtype == torch.float for name, tensor in text.items())
    checker = load_file(MODEL / "safety_checker" / "model.safetensors")
    assert not [name for name in checker
                if name.startswith("vision_model.") and not name.startswith("vision_model.vision_model.")]


def test_a_concept_baked_into_a_folder_is_drawn(engine, folder, tmp_path):
    """load_textual_inversion and save_pretrained: the tokens of all vectors, and "<rex>" for them all."""
    pipe = pipeline(MODEL)
    rows = torch.randn(4, 128, generator=torch.Generator().manual_seed(2)) * 0.4
    pipe.load_textual_inversion({"<rex>": rows[:3]})
    pipe.load_textual_inversion({"<mia>": rows[3:]})
    pipe.save_pretrained(tmp_path / "baked")
    again = pipeline(tmp_path / "baked")
    assert again.text_encoder.get_input_embeddings().weight.shape[0] == 49412
    prompts = ["<rex> in the snow", "a red mascot", "<REX> at night, <mia>", "x<rex>_1y <rex>"]
    check_pictures(engine, again, tmp_path / "baked", prompts, tmp_path / "out")
    baked, demo = info(engine, tmp_path / "baked"), info(engine, MODEL)
    assert baked["text_encoder"] == demo["text_encoder"], "embeddings of the demo fit on"
    assert baked["fingerprint"] != demo["fingerprint"] and not baked["warnings"]


@pytest.mark.parametrize("form", ["added_tokens.json", "several"])
def test_added_tokens_have_their_rows(engine, folder, tmp_path, form):
    """test_tokenizer.py has more forms of a tokenizer's folder."""
    from transformers import CLIPTokenizer

    tokens = ["<cat-toy>", "<dog>", "<cat-toy>_1"][:3 if form == "several" else 1]

    def grow(tensors):
        (name,) = [n for n in tensors if n.endswith("token_embedding.weight")]
        tensors[name] = torch.cat([tensors[name], torch.randn(len(tokens), 128,
                                                              generator=torch.Generator().manual_seed(1)) * 0.4])

    rewritten(folder / "text_encoder" / "model.safetensors", grow)
    edited(folder / "text_encoder" / "config.json", vocab_size=49408 + len(tokens))
    if form == "several":  # in tokenizer.json alone
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        tokenizer.add_tokens(tokens)
        shutil.rmtree(folder / "tokenizer")
        tokenizer.save_pretrained(folder / "tokenizer")
    else:
        (folder / "tokenizer" / "added_tokens.json").write_text(json.dumps({"<cat-toy>": 49408}))
    pipe = pipeline(folder)
    assert pipe.tokenizer("<cat-toy>").input_ids[1] == 49408
    check_pictures(engine, pipe, folder, ["a <cat-toy> in the snow", "<dog>"], tmp_path / "out")


@pytest.mark.parametrize("name", ["StableDiffusionImg2ImgPipeline", "StableDiffusionPAGPipeline",
                                  "StableDiffusionPipelineSafe"])
def test_pipelines_of_the_same_parts_are_one_model(engine, folder, name):
    edited(folder / "model_index.json", _class_name=name)
    assert info(engine, folder)["fingerprint"] == info(engine, MODEL)["fingerprint"]


def test_tensors_that_clip_has_beside_are_passed_over(engine, folder, tmp_path):
    rewritten(folder / "text_encoder" / "model.safetensors",
              lambda tensors: tensors.update({"text_projection.weight": torch.randn(128, 128)}))
    described = info(engine, folder)
    assert described["passed_over"] == ["text_projection.weight"]
    assert described["fingerprint"] == info(engine, MODEL)["fingerprint"]
    check_pictures(engine, pipeline(folder), folder, ["a mascot"], tmp_path / "out")


def poison(part, value):
    def change(tensors):
        (name,) = [n for n in tensors if part in n]
        tensors[name].view(-1)[3] = float(value)

    return change


@pytest.mark.parametrize("path,part,value", [
    ("unet/diffusion_pytorch_model.safetensors", "mid_block.resnets.0.conv2.weight", "nan"),
    ("text_encoder/model.safetensors", "text_model.encoder.layers.0.mlp.fc1.weight", "inf"),
    ("vae/diffusion_pytorch_model.safetensors", "decoder.conv_in.weight", "nan"),
])
def test_a_damaged_model_is_named(engine_errors, folder, tmp_path, path, part, value):
    rewritten(folder / path, poison(part, value))
    drawing = engine_errors("draw", "--model", folder, "--prompt", "a mascot", "--steps", "2", "--no-safety-check",
                            "--out", tmp_path / "drawn", code=1)
    teaching = "" if path.startswith("vae") else engine_errors(
        "teach", PIP, "--model", folder, "--class", "mascot", "--token", "<pip>", "--steps", "2", "--out",
        tmp_path / "taught", code=1)
    for said in filter(None, (drawing, teaching)):
        error = said.split("error: ")[1]
        assert "the model is damaged" in error and path in error and part in error
        assert f"number 3 is {value}" in error and "learning_rate" not in error
        assert said.startswith("warning: the model is damaged")


def test_a_damaged_safety_checker_is_named_and_passes_no_picture(engine_errors, folder, tmp_path):
    path, part = "safety_checker/model.safetensors", "visual_projection.weight"
    rewritten(folder / path, poison(part, "nan"))

    def draw(*options, code):
        return engine_errors("draw", "--model", folder, "--prompt", "a mascot", "--steps", "2", *options, "--out",
                             tmp_path / f"drawn{code}", code=code)

    error = draw(code=1).split("error: ")[1]
    assert "the model is damaged" in error and path in error and part in error
    unchecked = draw("--no-safety-check", code=0)
    assert unchecked.startswith("warning: the model is damaged") and path in unchecked
