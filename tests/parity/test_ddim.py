"""DDIM: timesteps, every step along Diffusers' own trajectory, and the noise that starts it."""

import pytest
import torch
from conftest import relative_error


@pytest.mark.parametrize("steps", [1, 5, 25, 50, 333])
def test_steps_along_the_reference_trajectory(pipe, probe, steps):
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False, steps_offset=1)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(steps)
    latent = torch.randn(4, 16, 16, generator=generator)
    latents, outputs, after = [], [], []
    for timestep in scheduler.timesteps:
        output = torch.randn(4, 16, 16, generator=generator)
        latents.append(latent)
        outputs.append(output)
        latent = scheduler.step(output, timestep, latent).prev_sample
        after.append(latent)
    ours = probe("ddim", {"latents": torch.stack(latents), "outputs": torch.stack(outputs)},
                 steps=steps)
    assert ours["timesteps"].tolist() == scheduler.timesteps.tolist()
    for i in range(steps):
        assert relative_error(ours["latents"][i], after[i]) < 1e-5, f"step {i}"


def test_trajectory_of_the_real_model(pipe, probe):
    """Per-step latents of a guided run, each from Diffusers' latent before it: within 1e-3."""
    steps, guidance = 25, 5.0
    scheduler = pipe.scheduler
    scheduler.set_timesteps(steps)
    ids = pipe.tokenizer(["", "a red round mascot in the snow"], padding="max_length",
                         max_length=77, return_tensors="pt").input_ids
    context = pipe.text_encoder(ids)[0]
    latent = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(7))
    latents, after = [], []
    for timestep in scheduler.timesteps:
        latents.append(latent[0])
        negative, positive = pipe.unet(latent.repeat(2, 1, 1, 1), timestep, context).sample.chunk(2)
        latent = scheduler.step(negative + guidance * (positive - negative), timestep,
                                latent).prev_sample
        after.append(latent[0])
    before = torch.stack(latents)
    both = probe("unet", {"latents": before.repeat_interleave(2, 0),
                          "timesteps": scheduler.timesteps.repeat_interleave(2),
                          "context": context.repeat(steps, 1, 1)})["output"]
    negative, positive = both[0::2], both[1::2]
    ours = probe("ddim", {"latents": before,
                          "outputs": negative + guidance * (positive - negative)}, steps=steps)
    for i in range(steps):
        assert relative_error(ours["latents"][i], after[i]) < 1e-3, f"step {i}"


@pytest.mark.parametrize("seed", [0, 1, 1234567890123, 2**63 - 1])
def test_noise_is_the_generators(probe, seed):
    theirs = torch.randn(4, 16, 24, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(probe("noise", seed=seed, shape=[4, 16, 24])["noise"], theirs)
