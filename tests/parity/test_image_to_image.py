"""Drawing from a picture, against Diffusers' image-to-image pipeline, from the same seeds; and the
second, larger pass, put together from its parts."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from conftest import MODEL
from test_pictures import drawn, picture_of
from test_solvers import SOLVERS, scheduler_of

PROMPT = "a blue round mascot in the snow"


@pytest.fixture(scope="module")
def pipe_from_picture():
    from diffusers import StableDiffusionImg2ImgPipeline

    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.own_schedule = pipeline.scheduler.config
    return pipeline


@pytest.fixture
def source(tmp_path):
    """A picture that somebody could have taken, 64 x 48."""
    files = sorted((MODEL / "concepts" / "wheely" / "images").glob("*.png"))
    image = Image.open(files[0]).convert("RGB").resize((64, 48), Image.BICUBIC)
    image.save(tmp_path / "source.png")
    return image


STEPS = 10


def theirs_from(pipeline, source, seed, strength, steps=STEPS):
    return np.array(pipeline(PROMPT, image=source, strength=strength, num_inference_steps=steps,
                             guidance_scale=5.0, generator=torch.Generator().manual_seed(seed),
                             ).images[0]).astype(int)


def ours_from(engine, tmp_path, *options):
    engine("draw", "--model", MODEL, "--prompt", PROMPT, "--from", tmp_path / "source.png",
           "--size", "64x48", "--steps", STEPS, "--guidance", "5", "--no-safety-check",
           "--no-sheet", "--overwrite", "--out", tmp_path / "ours", *options)
    return drawn(tmp_path / "ours")


# With strengths below 1, Diffusers' PNDM repeats a timestep that it does not pass twice, and ends
# one level off; ours goes on from where it joins in.
@pytest.mark.parametrize("solver", [s for s in SOLVERS if s != "pndm"])
def test_pictures_equal_diffusers(pipe_from_picture, engine, tmp_path, source, solver):
    pipe_from_picture.scheduler = scheduler_of(solver, pipe_from_picture.own_schedule)
    pictures = {}
    # One that makes noise of its own draws two at once.
    seeds = (5, 6) if solver == "euler_a" else (5,)
    for strength in (0.3, 0.75, 1.0):
        ours = ours_from(engine, tmp_path, "--solver", solver, "--seeds", ",".join(map(str, seeds)), "--strength",
                         strength)
        for seed, picture in zip(seeds, ours, strict=True):
            theirs = theirs_from(pipe_from_picture, source, seed, strength)
            assert np.abs(picture - theirs).max() <= 1, f"{solver} {strength} {seed}"
        pictures[strength] = ours[0]
    # The weaker, the nearer to the picture that it began from.
    distance = {s: np.abs(p - np.array(source)).mean() for s, p in pictures.items()}
    assert distance[0.3] < distance[0.75]


def test_pndm_ends_without_noise(engine, tmp_path, source):
    """Ours: as near to its source as DDIM's picture of the same strength."""
    near = ours_from(engine, tmp_path, "--solver", "pndm", "--strength", "0.3")[0]
    as_near = ours_from(engine, tmp_path, "--solver", "ddim", "--strength", "0.3")[0]
    assert np.abs(near - as_near).mean() < 6


def test_the_manifest_says_what_it_was_drawn_from(engine, tmp_path, source):
    import hashlib

    ours_from(engine, tmp_path, "--strength", "0.5")
    manifest = json.loads((tmp_path / "ours" / "manifest.json").read_text())
    assert manifest["source"]["sha256"] == hashlib.sha256(
        (tmp_path / "source.png").read_bytes()).hexdigest()
    assert manifest["pictures"][0]["strength"] == 0.5
    assert "upscale" not in manifest["pictures"][0]


def test_the_second_pass_is_an_image_to_image_pass_on_the_enlarged_picture(
        pipe, pipe_from_picture, engine, tmp_path):
    """Diffusers' parts in that order: draw, decode, enlarge, encode, noise from the same generator,
    the last steps again."""
    engine("draw", "--model", MODEL, "--prompt", PROMPT, "--seeds", "3", "--steps", "20",
           "--guidance", "5", "--solver", "ddim", "--upscale", "1.375", "--upscale-strength", "0.4",
           "--no-safety-check", "--no-sheet", "--out", tmp_path / "ours")
    ours = drawn(tmp_path / "ours")[0]
    assert ours.shape == (88, 88, 3)

    pipe_from_picture.scheduler = scheduler_of("ddim", pipe_from_picture.own_schedule)
    pipe.scheduler = scheduler_of("ddim", pipe.scheduler.config)
    generator = torch.Generator().manual_seed(3)
    latents = pipe(PROMPT, generator=generator, num_inference_steps=20, guidance_scale=5.0,
                   height=64, width=64, output_type="latent").images
    pixels = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    larger = torch.nn.functional.interpolate(
        pixels, (88, 88), mode="bicubic", antialias=True).clamp(-1, 1)
    clean = pipe.vae.encode(larger).latent_dist.mean * pipe.vae.config.scaling_factor
    # Four channels are taken for latents that need no encoding.
    theirs = np.array(pipe_from_picture(
        PROMPT, image=clean, strength=0.4, num_inference_steps=20, guidance_scale=5.0,
        generator=generator).images[0]).astype(int)
    assert np.abs(ours - theirs).max() <= 1


def test_large_pictures_go_through_the_vae_in_tiles(pipe, engine, tmp_path):
    """Near to what the whole would be, and without seams."""
    options = dict(num_inference_steps=12, guidance_scale=5.0, height=160, width=144)
    pipe.scheduler = scheduler_of("ddim", pipe.scheduler.config)
    engine("draw", "--model", MODEL, "--prompt", PROMPT, "--seeds", "3", "--steps", "12",
           "--guidance", "5", "--solver", "ddim", "--size", "144x160", "--no-safety-check",
           "--no-sheet", "--out", tmp_path / "ours")
    ours = drawn(tmp_path / "ours")[0]
    whole = picture_of(pipe, PROMPT, 3, **options)
    assert ours.shape == whole.shape
    mean_square = np.mean((ours - whole) ** 2)
    assert mean_square > 0, "as if it had been decoded at once"
    assert 10 * np.log10(255**2 / mean_square) > 25
    # A seam is a column or a row at which the picture changes more than the whole one does.
    for axis in (0, 1):
        change = [np.abs(np.diff(p, axis=axis)).mean(axis=(1 - axis, 2)) for p in (ours, whole)]
        assert (change[0] - change[1]).max() < 4
