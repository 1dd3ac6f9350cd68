"""Each network's outputs within 1e-4 of the reference's, relative to its largest value."""

import numpy as np
import pytest
import torch
from conftest import concept_pictures, relative_error
from transformers import CLIPModel

PROMPTS = [
    "",
    "a mascot",
    "a photo of a red round mascot with big eyes and a smile, in the snow",
    "Ünïcödé 漢字 🎨 — and punctuation!?",
    "word " * 200,
]


def encode(pipe, prompts):
    ids = pipe.tokenizer(
        prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    return pipe.text_encoder(ids)[0]


def test_text_encoder(pipe, probe):
    ours = probe("text", prompts=PROMPTS)["hidden"]
    assert relative_error(ours, encode(pipe, PROMPTS)) < 1e-4


def test_text_encoder_with_concept_rows(pipe, probe):
    """Rows spliced into the lookup equal rows appended to the table."""
    rows = 0.1 * torch.randn(2, 128, generator=torch.Generator().manual_seed(1))
    lookup = pipe.text_encoder.get_input_embeddings()
    table = torch.cat([lookup.weight, rows])

    def words(text):
        return pipe.tokenizer(text, add_special_tokens=False).input_ids

    ids = [49406, *words("a"), 49408, 49409, *words("in the snow,"), 49408, 49409, *words("!")]
    ids += [49407] * (77 - len(ids))
    lookup.forward = lambda indices: torch.nn.functional.embedding(indices, table)
    try:
        theirs = pipe.text_encoder(torch.tensor([ids]))[0]
    finally:
        del lookup.forward
    ours = probe("text", {"rows": rows}, prompts=["a <pip> in the snow, <pip>!"],
                 concepts={"<pip>": 2})["hidden"]
    assert relative_error(ours, theirs) < 1e-4


@pytest.mark.parametrize("height,width", [(16, 16), (8, 24), (15, 17)])
def test_unet(pipe, probe, height, width):
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(3, 4, height, width, generator=generator)
    timesteps = torch.tensor([0, 501, 999])
    context = encode(pipe, ["a mascot", "in space", ""])
    theirs = pipe.unet(latents, timesteps, context).sample
    ours = probe("unet", {"latents": latents, "timesteps": timesteps, "context": context})["output"]
    assert relative_error(ours, theirs) < 1e-4


def test_vae(pipe, probe):
    pixels = concept_pictures("pip")
    latents = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(5))
    ours = probe("vae", {"bytes": pixels, "latents": latents})
    theirs = pipe.vae.encode(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).latent_dist
    assert relative_error(ours["mean"], theirs.mean) < 1e-4
    assert relative_error(ours["deviation"], theirs.std) < 1e-4
    assert relative_error(ours["pixels"], pipe.vae.decode(latents).sample) < 1e-4


def clip_pixels(model_folder, bytes_):
    from PIL import Image
    from transformers import CLIPImageProcessorPil

    processor = CLIPImageProcessorPil.from_pretrained(model_folder / "feature_extractor")
    return processor([Image.fromarray(b.numpy()) for b in bytes_], return_tensors="pt").pixel_values


def test_clip_towers(probe, model_folder):
    """From the 512-pixel picture to the projected feature, preprocessing included."""
    clip = CLIPModel.from_pretrained(model_folder / "clip", torch_dtype=torch.float32).eval()
    pictures = concept_pictures("momo", size=512)[:, :400]  # not square
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(model_folder / "tokenizer")
    texts = ["a mascot in the snow", "a red one", "word " * 100]
    ids = tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    images = clip.visual_projection(
        clip.vision_model(clip_pixels(model_folder, pictures)).pooler_output)
    words = clip.text_projection(clip.text_model(ids.input_ids).pooler_output)
    ours = probe("clip", {"bytes": pictures}, prompts=texts)
    assert relative_error(ours["images"], images / images.norm(dim=-1, keepdim=True)) < 1e-4
    assert relative_error(ours["texts"], words / words.norm(dim=-1, keepdim=True)) < 1e-4


def reference_scores(checker, pixels):
    """The concepts' scores, as the checker computes them on its way to a verdict."""
    from diffusers.pipelines.stable_diffusion.safety_checker import cosine_distance

    features = checker.visual_projection(checker.vision_model(pixels)[1])
    care = (cosine_distance(features, checker.special_care_embeds)
            - checker.special_care_embeds_weights) > 0
    scores = (cosine_distance(features, checker.concept_embeds)
              - checker.concept_embeds_weights + 0.01 * care.any(1, keepdim=True))
    return (scores * 1000).round() / 1000


def test_safety_checker(probe, model_folder, pipe):
    """The same scores, to the digit that is rounded to, and the same verdicts, on both kinds."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    checker = StableDiffusionSafetyChecker.from_pretrained(model_folder / "safety_checker").eval()
    prompts = ["a red round mascot with a sword"] * 4 + ["a blue mascot in the snow"] * 4
    pictures = [np.array(p) for p in pipe(
        prompts, num_inference_steps=25, guidance_scale=5, height=64, width=64,
        generator=[torch.Generator().manual_seed(i) for i in range(8)]).images]
    stacked = torch.from_numpy(np.stack(pictures))
    pixels = clip_pixels(model_folder, stacked)
    _, verdicts = checker(clip_input=pixels, images=[p.copy() for p in pictures])
    ours = probe("safety", {"bytes": stacked})["concepts"]
    assert (ours - reference_scores(checker, pixels)).abs().max() < 1.5e-3
    assert [(row > 0).any().item() for row in ours] == list(verdicts)
    assert any(verdicts) and not all(verdicts)
