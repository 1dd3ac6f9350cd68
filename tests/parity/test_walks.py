"""Networks and solvers together: small models with random weights in the shapes of Stable Diffusion 1.x
and 2.x, and in odd ones, on pictures that are not square. Every step of every solver along Diffusers'
own guided trajectory."""

import dataclasses

import pytest
import torch
from conftest import MODEL, relative_error
from test_other_models import tokenizer
from test_solvers import SD1, SOLVERS, scheduler_of

STEPS = (5, 14, 25, 50)
GUIDANCE = 5.0


@dataclasses.dataclass
class Shape:
    channels: tuple
    heads: int | tuple  # of every level, or of each
    linear: bool  # whether projections around the transformer are matrices
    prediction: str
    size: tuple  # of the latent
    layers: int = 2
    context: int = 32


SHAPES = {
    "sd1": Shape((32, 32, 64, 64), 8, False, "epsilon", (10, 24)),
    "sd2": Shape((32, 32, 64, 64), (1, 2, 4, 4), True, "v_prediction", (24, 10)),
    "3 levels, uneven heads": Shape((24, 48, 72), (3, 4, 9), False, "v_prediction", (9, 14), 1),
    "3 levels, one head": Shape((16, 32, 64), 1, True, "epsilon", (6, 20), 1, 24),
}


def make(shape, folder):
    from diffusers import (AutoencoderKL, DDIMScheduler, StableDiffusionPipeline,
                           UNet2DConditionModel)
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(11)
    attending = len(shape.channels) - 1
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=shape.context, intermediate_size=4 * shape.context,
        num_hidden_layers=1, num_attention_heads=2, bos_token_id=49406, eos_token_id=49407))
    text.get_input_embeddings().weight.data.mul_(10)
    unet = UNet2DConditionModel(
        sample_size=16, down_block_types=("CrossAttnDownBlock2D",) * attending + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * attending,
        layers_per_block=shape.layers, block_out_channels=shape.channels, norm_num_groups=8,
        cross_attention_dim=shape.context, attention_head_dim=shape.heads,
        use_linear_projection=shape.linear)
    # Random outputs are so small that solvers would have nothing to step on.
    unet.conv_out.weight.data.mul_(5)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(16, 16), layers_per_block=1, latent_channels=4, norm_num_groups=8)
    StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer(folder / "words", "<|endoftext|>"),
        unet=unet, scheduler=DDIMScheduler(prediction_type=shape.prediction, **SD1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder / "model")
    return folder / "model", unet


def walk(unet, context, scheduler, steps, size):
    """The latents that a guided run passes through, before and after each step."""
    scheduler.set_timesteps(steps)
    own = torch.Generator().manual_seed(5)
    latent = torch.randn(1, 4, *size, generator=torch.Generator().manual_seed(steps))
    latent = latent * scheduler.init_noise_sigma
    extra = {}
    if "generator" in type(scheduler).step.__code__.co_varnames:
        extra["generator"] = own
    before, after = [], []
    for timestep in scheduler.timesteps:
        before.append(latent[0])
        given = scheduler.scale_model_input(latent, timestep).repeat(2, 1, 1, 1)
        negative, positive = unet(given, timestep, context).sample.chunk(2)
        output = negative + GUIDANCE * (positive - negative)
        latent = scheduler.step(output, timestep, latent, **extra).prev_sample
        after.append(latent[0])
    return torch.stack(before), torch.stack(after)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_every_step_of_every_solver(probe, tmp_path, shape):
    model, unet = make(shape, tmp_path)
    config = dict(SD1, prediction_type=shape.prediction)
    context = torch.randn(2, 77, shape.context, generator=torch.Generator().manual_seed(2))
    walks, given, theirs = [], {"context": context}, []
    for solver in SOLVERS:
        for steps in STEPS:
            before, after = walk(unet, context, scheduler_of(solver, config), steps, shape.size)
            assert torch.isfinite(after).all() and after[-1].std() > 0.01
            given[f"latents{len(walks)}"] = before
            walks.append({"solver": solver, "steps": steps})
            theirs.append(after)
    ours = probe("walk", given, model=model, scheduler=config, guidance=GUIDANCE, walks=walks)
    for i, after in enumerate(theirs):
        assert ours[f"latents{i}"].shape == after.shape, walks[i]
        for step in range(len(after)):
            error = relative_error(ours[f"latents{i}"][step], after[step])
            assert error < 1e-3, f"{walks[i]}, step {step}: {error}"
