"""Each network's outputs within 1e-4 of the reference's, relative to its largest value."""

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
    rows = torch.randn(2, 128, generator=torch.Generator().manual_seed(1)) * 0.1
    tokenizer, encoder = pipe.tokenizer, pipe.text_encoder
    table = encoder.get_input_embeddings().weight
    prompts = ["a <pip> in the snow", "<pip>, <pip>!"]
    expanded = [p.replace("<pip>", "<pip> <pip>_1") for p in prompts]
    ids = torch.tensor([
        [49406] + [i for word in p.replace(",", " ,").replace("!", " !").split()
                   for i in ({"<pip>": [49408], "<pip>_1": [49409]}.get(word)
                             or tokenizer(word, add_special_tokens=False).input_ids)]
        for p in expanded[:1]
    ])
    ids = torch.nn.functional.pad(ids, (0, 77 - ids.shape[1]), value=49407)
    full = torch.cat([table, rows])
    hooked = encoder.get_input_embeddings().register_forward_hook(
        lambda module, args, output: torch.nn.functional.embedding(args[0], full)
    )
    try:
        # The lookup itself must not see ids outside of its table.
        encoder.get_input_embeddings().forward = lambda i: torch.nn.functional.embedding(i, full)
        theirs = encoder(ids)[0]
    finally:
        hooked.remove()
        del encoder.get_input_embeddings().forward
    ours = probe("text", {"rows": rows}, prompts=prompts[:1], concepts={"<pip>": 2})["hidden"]
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


def test_safety_checker(probe, model_folder, pipe):
    """The same scores, to the digit that is rounded to, and the same verdicts, on both kinds."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    checker = StableDiffusionSafetyChecker.from_pretrained(model_folder / "safety_checker").eval()
    prompts = ["a red round mascot with a sword"] * 4 + ["a blue mascot in the snow"] * 4
    pictures = pipe(prompts, num_inference_steps=25, guidance_scale=5, height=64, width=64,
                    generator=[torch.Generator().manual_seed(i) for i in range(8)]).images
    import numpy as np

    bytes_ = torch.from_numpy(np.stack([np.array(p) for p in pictures]))
    pixels = clip_pixels(model_folder, bytes_)
    scores = []
    original = StableDiffusionSafetyChecker.forward.__globals__["cosine_distance"]
    _, verdicts = checker(clip_input=pixels, images=[np.array(p) for p in pictures])

    features = checker.visual_projection(checker.vision_model(pixels)[1])
    special = original(features, checker.special_care_embeds).numpy()
    concepts = original(features, checker.concept_embeds).numpy()
    for s, c in zip(special, concepts):
        adjustment, row = 0.0, []
        for value, limit in zip(s, checker.special_care_embeds_weights.tolist()):
            if round(value - limit + adjustment, 3) > 0:
                adjustment = 0.01
        for value, limit in zip(c, checker.concept_embeds_weights.tolist()):
            row.append(round(value - limit + adjustment, 3))
        scores.append(row)
    ours = probe("safety", {"bytes": bytes_})["concepts"]
    assert (ours - torch.tensor(scores)).abs().max() < 1.5e-3
    assert [(row > 0).any().item() for row in ours] == list(verdicts)
    assert any(verdicts) and not all(verdicts)
