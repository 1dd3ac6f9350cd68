"""Whole pictures: imprint-engine's against Diffusers' pipeline, from the same seed."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from conftest import MODEL

PROMPTS = [
    "a mascot",
    "a red round mascot with big eyes and a smile",
    "a yellow mascot in a wheelchair in a classroom",
    "a pink star-shaped character wearing a crown in space",
    "a photo of a toy on a blue background",
    "Anna at the beach",
    "a green character at night, pencil sketch",
    "a purple mascot in the desert at sunset",
]


def picture_of(pipe, prompt, seed, **options):
    settings = dict(num_inference_steps=25, guidance_scale=5.0, height=64, width=64)
    settings.update(options)
    return np.array(
        pipe(prompt, generator=torch.Generator().manual_seed(seed), **settings).images[0]
    ).astype(int)


def drawn(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    return [np.array(Image.open(folder / p["file"])).astype(int) for p in manifest["pictures"]]


def test_pictures_equal_diffusers(pipe, engine, tmp_path):
    assert len(PROMPTS) >= 8
    options = [o for p in PROMPTS for o in ("--prompt", p)]
    engine("draw", "--model", MODEL, *options, "--seeds", "11", "--steps", "25", "--guidance", "5",
           "--out", tmp_path / "ours", "--no-safety-check")
    for prompt, ours in zip(PROMPTS, drawn(tmp_path / "ours"), strict=True):
        theirs = picture_of(pipe, prompt, 11)
        assert np.abs(ours - theirs).max() <= 1, prompt
        assert theirs.std() > 10, "a blank picture would show nothing"


def test_negative_prompt_size_and_batch(pipe, engine, tmp_path):
    engine("draw", "--model", MODEL, "--prompt", "a mascot in the snow", "--negative", "red",
           "--seeds", "3,4,5", "--steps", "12", "--guidance", "7.5", "--size", "80x48",
           "--batch", "3", "--out", tmp_path / "ours", "--no-safety-check")
    for seed, ours in zip((3, 4, 5), drawn(tmp_path / "ours"), strict=True):
        theirs = picture_of(pipe, "a mascot in the snow", seed, negative_prompt="red",
                            num_inference_steps=12, guidance_scale=7.5, width=80, height=48)
        assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_the_bits_are_near_and_said(engine, tmp_path, precision):
    """Its distance to fp32, as a picture's noise: above 30 dB nobody sees it."""
    folders = {name: tmp_path / name for name in ("fp32", precision)}
    for name, folder in folders.items():
        engine("draw", "--model", MODEL, "--prompt", PROMPTS[1], "--seeds", "11-14", "--precision",
               name, "--out", folder, "--no-safety-check", "--no-sheet")
        assert json.loads((folder / "manifest.json").read_text())["precision"] == name
    errors = [np.mean((a - b) ** 2) for a, b in zip(*map(drawn, folders.values()))]
    assert 0 < min(errors), "as if nothing had been asked for"
    assert 10 * np.log10(255**2 / np.mean(errors)) > 25


def test_without_guidance(pipe, engine, tmp_path):
    engine("draw", "--model", MODEL, "--prompt", "a mascot", "--seeds", "6", "--guidance", "1",
           "--out", tmp_path / "ours", "--no-safety-check")
    theirs = picture_of(pipe, "a mascot", 6, guidance_scale=1.0)
    assert np.abs(drawn(tmp_path / "ours")[0] - theirs).max() <= 1


def test_the_safety_checker_blocks_the_same_pictures(engine, tmp_path):
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(MODEL, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    prompts = ["a red round mascot with a sword", "a blue mascot in the snow"]
    theirs = [
        pipeline(p, num_inference_steps=25, guidance_scale=5.0, height=64, width=64,
                 generator=torch.Generator().manual_seed(s)).nsfw_content_detected[0]
        for p in prompts for s in range(1, 7)
    ]
    engine("draw", "--model", MODEL, "--prompt", prompts[0], "--prompt", prompts[1],
           "--seeds", "1-6", "--out", tmp_path / "ours")
    manifest = json.loads((tmp_path / "ours" / "manifest.json").read_text())
    assert [p["safety"]["blocked"] for p in manifest["pictures"]] == theirs
    assert any(theirs) and not all(theirs)
    assert ["file" in p for p in manifest["pictures"]] == [not b for b in theirs]


@pytest.mark.parametrize("vectors", [1, 3])
def test_our_embedding_loads_in_diffusers(engine, tmp_path, vectors):
    """A taught embedding, loaded by load_textual_inversion, draws the same picture there."""
    from diffusers import StableDiffusionPipeline

    engine("teach", MODEL / "concepts" / "pip" / "images", "--model", MODEL, "--class", "mascot",
           "--token", "<pip>", "--steps", "12", "--vectors", vectors, "--out", tmp_path / "pip")
    engine("draw", "--model", MODEL, "--embedding", tmp_path / "pip", "--prompt",
           "a photo of <pip> in the snow", "--seeds", "2", "--out", tmp_path / "ours",
           "--no-safety-check")
    pipeline = StableDiffusionPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_textual_inversion(tmp_path / "pip", weight_name="learned_embeds.safetensors")
    theirs = picture_of(pipeline, "a photo of <pip> in the snow", 2)
    assert np.abs(drawn(tmp_path / "ours")[0] - theirs).max() <= 1


def test_an_embedding_made_by_diffusers_loads_here(engine, tmp_path):
    """As textual_inversion.py saves it: save_file({token: [n, d]}, metadata={"format": "pt"})."""
    from diffusers import StableDiffusionPipeline
    from safetensors.torch import save_file

    pipeline = StableDiffusionPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    rows = 0.06 * torch.randn(2, 128, generator=torch.Generator().manual_seed(1))
    save_file({"<style>": rows}, tmp_path / "learned_embeds.safetensors",
              metadata={"format": "pt"})
    pipeline.load_textual_inversion(tmp_path, weight_name="learned_embeds.safetensors")
    engine("draw", "--model", MODEL, "--embedding", tmp_path / "learned_embeds.safetensors",
           "--prompt", "a mascot, <style>", "--seeds", "8", "--out", tmp_path / "ours",
           "--no-safety-check")
    theirs = picture_of(pipeline, "a mascot, <style>", 8)
    assert np.abs(drawn(tmp_path / "ours")[0] - theirs).max() <= 1
    plain = picture_of(pipeline, "a mascot", 8)
    assert np.abs(theirs - plain).max() > 20, "the embedding must make a difference"
