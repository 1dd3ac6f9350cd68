"""Solvers: timesteps, levels and every step along Diffusers' own trajectories, from the same seeds."""

import json
import shutil

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
    for steps in (1, 5, 14, 50):
        if steps == 1 and solver in MULTISTEP | {"pndm"}:
            continue  # Diffusers divides by nothing there
        check(probe, solver, dict(SD1, prediction_type=prediction), steps)


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_spacings(probe, solver, spacing):
    for steps in (7, 333):
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


# Fields of a scheduler_config.json that change what single solvers do.
FIELDS = {
    "sigma_min and sigma_max": (["euler_karras", "dpmpp_2m_karras", "unipc_karras"], dict(sigma_min=0.1, sigma_max=9.0)),
    "sigma_min": (["euler_karras", "dpmpp_2m_karras"], dict(sigma_min=0.02)),
    "sigma_max": (["unipc_karras", "euler"], dict(sigma_max=12.0)),
    "variance_type": (["ddpm"], dict(variance_type="fixed_large")),
    "variance_type by its logarithm": (["ddpm"], dict(variance_type="fixed_small_log")),
    "disable_corrector": (["unipc"], dict(disable_corrector=[0, 3])),
    "euler_at_final": (["dpmpp_2m", "dpmpp_2m_sde"], dict(euler_at_final=True, final_sigmas_type="sigma_min")),
    "lower_order_final": (["dpmpp_2m"], dict(lower_order_final=False, final_sigmas_type="sigma_min")),
    "lower_order_final without noise": (["dpmpp_2m"], dict(lower_order_final=False)),
    "trained_betas": (["ddim", "euler", "unipc"], dict(trained_betas=np.linspace(0.001, 0.01, 1000).tolist())),
    "rescaled, which PNDM does not know": (["pndm"], dict(rescale_betas_zero_snr=True)),
}


@pytest.mark.parametrize("field", FIELDS)
def test_fields_of_single_solvers(probe, field):
    solvers, more = FIELDS[field]
    for solver in solvers:
        for steps in (8, 20):
            check(probe, solver, dict(SD1, prediction_type="v_prediction", **more), steps)


@pytest.mark.parametrize("solver", ["dpmpp_2m_karras", "unipc_karras", "euler_karras"])
def test_timesteps_of_karras_levels_on_squared_cosine_betas(probe, solver):
    """Alone: Diffusers' solvers lose their place where the first two are the same."""
    config = dict(SD1, prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2")
    scheduler = scheduler_of(solver, config)
    scheduler.set_timesteps(12)
    none = torch.zeros(len(scheduler.timesteps), 4, 2, 2)
    ours = probe("solve", {"latents": none, "outputs": none.clone()}, scheduler=config, steps=12, solver=solver)
    assert (ours["timesteps"] - scheduler.timesteps.double()).abs().max() < 1e-3


@pytest.mark.parametrize("solver", ["euler", "euler_karras", "euler_a"])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_log_sigmas_as_timesteps(probe, solver, prediction):
    check(probe, solver, dict(SD1, prediction_type=prediction, timestep_type="continuous"), 12)


@pytest.mark.parametrize("solver", ["ddim", "pndm", "euler"])
def test_what_a_configuration_does_not_say_is_as_in_diffusers_classes(probe, solver):
    check(probe, solver, dict(steps_offset=1), 10)


def test_every_field_of_the_schedulers_is_honoured_defaulted_or_named(engine, tmp_path):
    """Of each class that we have, Diffusers' own list of fields: none is unknown to `info`."""
    import diffusers
    import inspect

    model = copied_model(tmp_path)
    for solver in SOLVERS:
        name = type(scheduler_of(solver, SD1)).__name__
        fields = {key: value.default for key, value in
                  inspect.signature(getattr(diffusers, name).__init__).parameters.items() if key != "self"}
        edit_scheduler(model, **{key: value for key, value in fields.items()
                                 if key not in SD1 and key != "prediction_type"})
        assert not described(engine, model)["passed_over"], name
    edit_scheduler(model, use_newest_sigmas=True)
    (passed,) = described(engine, model)["passed_over"]
    assert passed.endswith("scheduler_config.json: use_newest_sigmas")


def copied_model(tmp_path):
    model = tmp_path / "model"
    shutil.copytree(MODEL, model, ignore=shutil.ignore_patterns("concepts", "clip"))
    return model


def edit_scheduler(model, **change):
    path = model / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def use_scheduler(model, name, **change):
    """As a person does who edits the two files by hand."""
    edit_scheduler(model, _class_name=name, **change)
    path = model / "model_index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "scheduler": ["diffusers", name]}))


def described(engine, model):
    events = [json.loads(line) for line in engine("--json", "info", model).splitlines()]
    return next(event for event in events if event["event"] == "model")


def drawn_by_both(engine, model, out, *options):
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    engine("draw", "--model", model, "--prompt", "a red round mascot in the snow", "--seeds", "9", "--steps", "8",
           "--guidance", "5", "--out", out, "--no-safety-check", "--no-sheet", *options)
    return drawn(out)[0], picture_of(pipe, "a red round mascot in the snow", 9, num_inference_steps=8)


def test_the_index_says_the_schedulers_class(engine, tmp_path):
    """As saving another scheduler into a model's folder leaves it."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    model = copied_model(tmp_path)
    pipe = StableDiffusionPipeline.from_pretrained(MODEL, dtype=torch.float32, safety_checker=None)
    EulerDiscreteScheduler.from_config(pipe.scheduler.config).save_pretrained(model / "scheduler")
    assert "Euler" in (model / "scheduler" / "scheduler_config.json").read_text()
    own = described(engine, model)
    assert own["solver"] == "ddim" and "is of EulerDiscreteScheduler" in own["solver_instead"]
    ours, theirs = drawn_by_both(engine, model, tmp_path / "out")
    assert np.abs(ours - theirs).max() <= 1


def test_what_diffusers_saves_is_read_though_it_is_no_json(engine, tmp_path):
    """DPMSolverMultistepScheduler's file has -Infinity for a number."""
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(MODEL, dtype=torch.float32, safety_checker=None)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe.save_pretrained(tmp_path / "model")
    assert "-Infinity" in (tmp_path / "model" / "scheduler" / "scheduler_config.json").read_text()
    assert described(engine, tmp_path / "model")["solver"] == "dpmpp_2m"
    ours, theirs = drawn_by_both(engine, tmp_path / "model", tmp_path / "out")
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("scheduler,change", [
    ("EulerDiscreteScheduler", dict(use_beta_sigmas=True)),
    ("DPMSolverMultistepScheduler", dict(use_exponential_sigmas=True)),
    ("UniPCMultistepScheduler", dict(use_flow_sigmas=True)),
    ("HeunDiscreteScheduler", {}),
    ("DDIMScheduler", dict(thresholding=True)),
])
def test_another_solver_counts_with_a_word(engine_errors, tmp_path, scheduler, change):
    model = copied_model(tmp_path)
    use_scheduler(model, scheduler, **change)
    draw = ("draw", "--model", model, "--prompt", "a mascot", "--steps", "1", "--no-safety-check", "--no-sheet", "--out")
    said = engine_errors(*draw, tmp_path / "own")
    assert scheduler in said and "ddim is the default instead" in said
    assert all(key in said for key in change)
    own = json.loads((tmp_path / "own" / "manifest.json").read_text())["pictures"][0]["solver"]
    assert own == "ddim"
    chosen = engine_errors(*draw, tmp_path / "chosen", "--solver", "ddim")
    assert ("does not honour" in chosen) == ("thresholding" in change)
    if "use_beta_sigmas" in change:
        assert "use_beta_sigmas" in engine_errors(*draw, tmp_path / "euler", "--solver", "euler")
