"""Solvers: timesteps, levels and every step along Diffusers' own trajectories, from the same seeds."""

import numpy as np
import pytest
import torch
from conftest import MODEL, relative_error
from test_pictures import drawn, picture_of

SD1 = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
           num_train_timesteps=1000, set_alpha_to_one=False)
MULTISTEP = {"dpmpp_2m", "dpmpp_2m_karras", "dpmpp_2m_sde", "dpmpp_2m_sde_karras", "unipc",
             "unipc_karras"}
SOLVERS = ["ddim", "ddpm", "pndm", "euler", "euler_karras", "euler_a", *sorted(MULTISTEP)]


def scheduler_of(solver, config):
    """Diffusers' scheduler that a name of ours stands for, made as its pipelines' users make it."""
    import diffusers

    name, karras = solver.removesuffix("_karras"), solver.endswith("_karras")
    kinds = {
        "ddim": ("DDIMScheduler", dict(clip_sample=False)),
        "ddpm": ("DDPMScheduler", dict(clip_sample=False)),
        "pndm": ("PNDMScheduler", dict(skip_prk_steps=True)),
        "euler": ("EulerDiscreteScheduler", {}),
        "euler_a": ("EulerAncestralDiscreteScheduler", {}),
        "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
        "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", dict(algorithm_type="sde-dpmsolver++")),
        "unipc": ("UniPCMultistepScheduler", {}),
    }
    kind, options = kinds[name]
    if karras:
        options = dict(options, use_karras_sigmas=True)
    return getattr(diffusers, kind).from_config(config, **options)


def trajectory(scheduler, steps, seed, shape=(4, 16, 24), **options):
    """Latents before and after each step, with outputs that shrink as a model's errors do."""
    scheduler.set_timesteps(steps)
    outputs = torch.Generator().manual_seed(steps)
    own = torch.Generator().manual_seed(seed)
    latent = torch.randn(1, *shape, generator=outputs) * scheduler.init_noise_sigma
    before, given, after, scales = [], [], [], []
    takes_generator = "generator" in type(scheduler).step.__code__.co_varnames
    for timestep in scheduler.timesteps:
        output = torch.randn(1, *shape, generator=outputs)
        scaled = scheduler.scale_model_input(latent, timestep)
        scales.append((scaled[0, 0, 0, 0] / latent[0, 0, 0, 0]).item())
        before.append(latent[0])
        given.append(output[0])
        extra = dict(options, generator=own) if takes_generator else options
        latent = scheduler.step(output, timestep, latent, **extra).prev_sample
        after.append(latent[0])
    return torch.stack(before), torch.stack(given), torch.stack(after), scales


def check(probe, solver, config, steps, **options):
    scheduler = scheduler_of(solver, config)
    before, outputs, after, scales = trajectory(scheduler, steps, seed=5, **options)
    ours = probe("solve", {"latents": before, "outputs": outputs}, scheduler=config, steps=steps,
                 solver=solver, seed=5, **options)
    assert len(ours["timesteps"]) == len(scheduler.timesteps)
    assert (ours["timesteps"] - scheduler.timesteps.double()).abs().max() < 1e-3
    assert relative_error(ours["scales"], torch.tensor(scales)) < 1e-5
    assert ours["first_deviation"].item() == pytest.approx(float(scheduler.init_noise_sigma),
                                                           rel=1e-5)
    for i in range(len(after)):
        assert torch.isfinite(after[i]).all()
        assert relative_error(ours["latents"][i], after[i]) < 1e-3, f"{solver}: step {i}"


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_along_the_reference_trajectory(probe, solver, prediction):
    for steps in (1, 5, 14, 25, 50):
        if steps == 1 and solver in MULTISTEP | {"pndm"}:
            continue  # Diffusers divides by nothing there
        check(probe, solver, dict(SD1, prediction_type=prediction), steps)


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_spacings(probe, solver, spacing):
    for steps in (7, 25, 333):
        check(probe, solver, dict(SD1, prediction_type="v_prediction", timestep_spacing=spacing),
              steps)


@pytest.mark.parametrize("solver", [s for s in SOLVERS if s != "pndm"])
def test_zero_terminal_snr(probe, solver):
    """PNDM of Diffusers has no such schedule."""
    config = dict(SD1, prediction_type="v_prediction", rescale_betas_zero_snr=True,
                  timestep_spacing="trailing")
    check(probe, solver, config, 12)


@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_eta(probe, eta):
    check(probe, "ddim", dict(SD1, prediction_type="epsilon"), 20, eta=eta)


def test_sigma_min(probe):
    for solver in ("euler", "dpmpp_2m", "unipc"):
        check(probe, solver, dict(SD1, prediction_type="epsilon", final_sigmas_type="sigma_min"), 20)


@pytest.mark.parametrize("solver", SOLVERS)
def test_levels_where_a_picture_joins_in(probe, solver):
    config, steps = dict(SD1, prediction_type="epsilon"), 10
    scheduler = scheduler_of(solver, config)
    before, outputs, _, _ = trajectory(scheduler, steps, seed=1)
    ours = probe("solve", {"latents": before, "outputs": outputs}, scheduler=config, steps=steps,
                 solver=solver)
    clean, noise = torch.ones(1, 1), torch.zeros(1, 1)
    for i in range(2, steps):
        scheduler.set_timesteps(steps)
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(i)
        at = scheduler.timesteps[i:i + 1]
        assert ours["signals"][i] == pytest.approx(scheduler.add_noise(clean, noise, at).item(),
                                                   rel=1e-4)
        assert ours["deviations"][i] == pytest.approx(scheduler.add_noise(noise, clean, at).item(),
                                                      rel=1e-4)


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
    ours = probe("solve", {"latents": before,
                           "outputs": negative + guidance * (positive - negative)}, steps=steps)
    for i in range(steps):
        assert relative_error(ours["latents"][i], after[i]) < 1e-3, f"step {i}"


@pytest.fixture
def pipe_with(pipe):
    """pipe_with(solver): Diffusers' pipeline with the scheduler of that name, and back again."""
    original = pipe.scheduler

    def swap(solver):
        pipe.scheduler = scheduler_of(solver, original.config)
        return pipe

    yield swap
    pipe.scheduler = original


@pytest.mark.parametrize("solver", SOLVERS)
def test_pictures_equal_diffusers(pipe_with, engine, tmp_path, solver):
    engine("draw", "--model", MODEL, "--prompt", "a red round mascot in the snow", "--seeds", "9",
           "--steps", "20", "--guidance", "5", "--solver", solver, "--out", tmp_path / "ours",
           "--no-safety-check", "--no-sheet")
    theirs = picture_of(pipe_with(solver), "a red round mascot in the snow", 9,
                        num_inference_steps=20)
    assert theirs.std() > 10, "a blank picture would show nothing"
    assert np.abs(drawn(tmp_path / "ours")[0] - theirs).max() <= 1


def test_eta_and_guidance_rescale_draw_the_same_picture(pipe_with, engine, tmp_path):
    engine("draw", "--model", MODEL, "--prompt", "a blue mascot in space", "--seeds", "4",
           "--steps", "20", "--guidance", "8", "--eta", "0.7", "--guidance-rescale", "0.6",
           "--out", tmp_path / "ours", "--no-safety-check", "--no-sheet")
    theirs = picture_of(pipe_with("ddim"), "a blue mascot in space", 4, num_inference_steps=20,
                        guidance_scale=8.0, guidance_rescale=0.6, eta=0.7)
    assert np.abs(drawn(tmp_path / "ours")[0] - theirs).max() <= 1


@pytest.mark.parametrize("seed", [0, 1, 1234567890123, 2**63 - 1])
def test_noise_is_the_generators(probe, seed):
    theirs = torch.randn(4, 16, 24, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(probe("noise", seed=seed, shape=[4, 16, 24])["noise"], theirs)
