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
    size: tuple  # of the latent
    layers: int = 2
    context: int = 32


SHAPES = {
    "sd1": Shape((16, 16, 32, 32), 8, False, (6, 14)),
    "sd2": Shape((16, 16, 32, 32), (1, 2, 4, 4), True, (12, 6)),
    "3 levels, uneven heads": Shape((24, 48, 72), (3, 4, 9), False, (9, 14), 1),
    "3 levels, one head": Shape((16, 32, 64), 1, True, (6, 20), 1, 24),
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
        unet=unet, scheduler=DDIMScheduler(**SD1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder / "model")
    return folder / "model", unet


class Walk:
    """A guided run of Diffusers' scheduler, one step at a time: the latents before and after each."""

    def __init__(self, scheduler, steps, size):
        scheduler.set_timesteps(steps)
        self.scheduler, self.timesteps = scheduler, list(scheduler.timesteps)
        self.latent = scheduler.init_noise_sigma * torch.randn(
            1, 4, *size, generator=torch.Generator().manual_seed(steps))
        self.extra = {}
        if "generator" in type(scheduler).step.__code__.co_varnames:
            self.extra["generator"] = torch.Generator().manual_seed(5)
        self.before, self.after = [], []

    def timestep(self):
        return self.timesteps[len(self.after)] if len(self.after) < len(self.timesteps) else None

    def input(self):
        self.before.append(self.latent[0])
        return self.scheduler.scale_model_input(self.latent, self.timestep())

    def step(self, negative, positive):
        output = negative + GUIDANCE * (positive - negative)
        self.latent = self.scheduler.step(output[None], self.timestep(), self.latent,
                                          **self.extra).prev_sample
        self.after.append(self.latent[0])


def walk_together(unet, context, walks):
    """One call of the network for the next step of all of them, until the last has ended."""
    while active := [w for w in walks if w.timestep() is not None]:
        timesteps = torch.tensor([float(w.timestep()) for w in active]).repeat(2)
        given = torch.cat([w.input() for w in active]).repeat(2, 1, 1, 1)
        outputs = unet(given, timesteps, context.repeat_interleave(len(active), 0)).sample
        for walk, negative, positive in zip(active, *outputs.chunk(2)):
            walk.step(negative, positive)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_every_step_of_every_solver(probe, tmp_path, shape, prediction):
    model, unet = make(shape, tmp_path)
    config = dict(SD1, prediction_type=prediction)
    context = torch.randn(2, 77, shape.context, generator=torch.Generator().manual_seed(2))
    names, walks = [], []
    for steps in STEPS:
        names += [{"solver": solver, "steps": steps} for solver in SOLVERS]
        walks += [Walk(scheduler_of(solver, config), steps, shape.size) for solver in SOLVERS]
    walk_together(unet, context, walks)
    given = {f"latents{i}": torch.stack(walk.before) for i, walk in enumerate(walks)}
    ours = probe("walk", {"context": context, **given}, model=model, scheduler=config,
                 guidance=GUIDANCE, walks=names)
    for i, walk in enumerate(walks):
        after = torch.stack(walk.after)
        assert torch.isfinite(after).all() and after[-1].std() > 0.01
        assert ours[f"latents{i}"].shape == after.shape, names[i]
        for step in range(len(after)):
            error = relative_error(ours[f"latents{i}"][step], after[step])
            assert error < 1e-3, f"{names[i]}, step {step}: {error}"
