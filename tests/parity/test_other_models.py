"""Models of Stable Diffusion 1.5's and 2.1's architecture, made small and with random weights: their
configurations, not the demo model's, decide what the engine computes.

SD 1.5: quick_gelu, convolutions around the attention blocks, predicts noise, PNDM's schedule.
SD 2.1: gelu, linear layers there, a number of heads for each level, predicts v, pads with "!".
"""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from conftest import MODEL, relative_error
from safetensors.torch import load_file, save_file
from test_training import check_gradient

DOWN = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
UP = ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3
SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                num_train_timesteps=1000, set_alpha_to_one=False)
PROMPTS = ["a red mascot", "wow! a mascot, in the snow!"]


def networks(width, activation, heads, linear):
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=3,
        num_attention_heads=4, hidden_act=activation, bos_token_id=49406, eos_token_id=49407))
    # Random tables are so small that prompts would hardly differ.
    text.get_input_embeddings().weight.data.mul_(10)
    unet = UNet2DConditionModel(
        sample_size=16, down_block_types=DOWN, up_block_types=UP, layers_per_block=2,
        block_out_channels=(32, 64, 96, 96), cross_attention_dim=width, attention_head_dim=heads,
        use_linear_projection=linear)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32, 32, 64, 64), layers_per_block=2, latent_channels=4,
        sample_size=128, scaling_factor=0.18215)
    # So that the decoder's pictures are not all grey.
    vae.decoder.conv_out.weight.data.mul_(10)
    return text, unet, vae


def tokenizer(folder, pad):
    from transformers import CLIPTokenizer

    shutil.copytree(MODEL / "tokenizer", folder)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**content, "pad_token": pad}))
    return CLIPTokenizer.from_pretrained(folder)


def sd1(scratch):
    from diffusers import PNDMScheduler

    return (*networks(48, "quick_gelu", 8, linear=False),
            tokenizer(scratch / "words", "<|endoftext|>"),
            PNDMScheduler(skip_prk_steps=True, **SCHEDULE))


def sd2(scratch):
    from diffusers import DDIMScheduler

    return (*networks(64, "gelu", (2, 4, 6, 6), linear=True), tokenizer(scratch / "words", "!"),
            DDIMScheduler(clip_sample=False, prediction_type="v_prediction", **SCHEDULE))


@pytest.fixture(scope="module", params=[sd1, sd2], ids=["sd1", "sd2"])
def model(request, tmp_path_factory):
    """The folder of a model, as Diffusers saves it."""
    from diffusers import StableDiffusionPipeline

    torch.manual_seed(7)
    scratch = tmp_path_factory.mktemp("model")
    text, unet, vae, words, schedule = request.param(scratch)
    StableDiffusionPipeline(vae=vae, text_encoder=text, tokenizer=words, unet=unet,
                            scheduler=schedule, safety_checker=None, feature_extractor=None,
                            requires_safety_checker=False).save_pretrained(scratch / "saved")
    name_as_published(scratch / "saved" / "vae" / "diffusion_pytorch_model.safetensors")
    return scratch / "saved"


def name_as_published(vae):
    """The published models' autoencoders are older than Diffusers' names for attention; Diffusers
    translates them when it loads, as must we."""
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = load_file(vae)
    for new, published in old.items():
        for name in [n for n in tensors if f"attentions.0.{new}." in n]:
            tensors[name.replace(new, published)] = tensors.pop(name)
    assert sum("proj_attn" in name for name in tensors) == 4
    save_file(tensors, vae, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def reference(model):
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def encode(pipe, prompts):
    ids = pipe.tokenizer(prompts, padding="max_length", max_length=77, truncation=True,
                         return_tensors="pt").input_ids
    return pipe.text_encoder(ids)[0]


def test_text_encoder(probe, model, reference):
    ours = probe("text", model=model, prompts=PROMPTS)["hidden"]
    assert relative_error(ours, encode(reference, PROMPTS)) < 1e-4


def test_unet(probe, model, reference):
    latents = torch.randn(2, 4, 16, 24, generator=torch.Generator().manual_seed(1))
    timesteps = torch.tensor([20, 981])
    context = encode(reference, PROMPTS)
    theirs = reference.unet(latents, timesteps, context).sample
    ours = probe("unet", {"latents": latents, "timesteps": timesteps, "context": context},
                 model=model)["output"]
    assert relative_error(ours, theirs) < 1e-4


def test_gradient(probe, model):
    check_gradient(probe, vectors=2, model=model)


def test_picture(engine, model, reference, tmp_path):
    engine("draw", "--model", model, "--prompt", PROMPTS[1], "--seeds", "8", "--steps", "10",
           "--out", tmp_path / "ours", "--no-safety-check")
    theirs = np.array(reference(
        PROMPTS[1], num_inference_steps=10, guidance_scale=5.0, height=128, width=128,
        generator=torch.Generator().manual_seed(8)).images[0]).astype(int)
    (ours,) = (tmp_path / "ours").glob("001-*.png")
    assert theirs.std() > 10, "a blank picture would show nothing"
    assert np.abs(np.array(Image.open(ours)).astype(int) - theirs).max() <= 1
