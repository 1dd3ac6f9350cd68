"""One .safetensors file in the original layout against the Diffusers folder with the same weights:
equal tensors (the fingerprint covers names, types, shapes and bytes), equal pictures, and the
picture that Diffusers draws."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from conftest import MODEL
from original_layout import save_original
from safetensors.torch import load_file, save_file

SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                num_train_timesteps=1000, set_alpha_to_one=False, skip_prk_steps=True)
PROMPT = "a red mascot in the snow"
# The shapes that tell a file's kind hold as in the real ones: SD 1.x has 8 heads and
# convolutions around its attention, SD 2.x heads of 64 and matrices.
SHAPES = {
    "sd1": dict(channels=(32, 64, 96, 96), layers=2, heads=8, linear=False, act="quick_gelu",
                prediction="epsilon", pad="<|endoftext|>"),
    "sd2": dict(channels=(64, 128, 128), layers=1, heads=(1, 2, 2), linear=True, act="gelu",
                prediction="v_prediction", pad="!"),
}


@pytest.fixture(scope="module", params=list(SHAPES))
def model(request, tmp_path_factory):
    """(family, folder as Diffusers saves it, single file)."""
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    shape = SHAPES[request.param]
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp(request.param)
    levels = len(shape["channels"])
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=128, intermediate_size=512, num_hidden_layers=3,
        num_attention_heads=2, hidden_act=shape["act"], bos_token_id=49406, eos_token_id=49407))
    text.get_input_embeddings().weight.data.mul_(10)
    unet = UNet2DConditionModel(
        sample_size=64 if request.param == "sd1" else 96, layers_per_block=shape["layers"],
        down_block_types=("CrossAttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (levels - 1),
        block_out_channels=shape["channels"], cross_attention_dim=128,
        attention_head_dim=shape["heads"], use_linear_projection=shape["linear"])
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 32, 64), layers_per_block=2, latent_channels=4,
        scaling_factor=0.18215)
    vae.decoder.conv_out.weight.data.mul_(10)
    words = folder / "words"
    shutil.copytree(MODEL / "tokenizer", words)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        content = json.loads((words / name).read_text())
        (words / name).write_text(json.dumps({**content, "pad_token": shape["pad"]}))
    StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=CLIPTokenizer.from_pretrained(words), unet=unet,
        scheduler=PNDMScheduler(prediction_type=shape["prediction"], **SCHEDULE),
        safety_checker=None, feature_extractor=None,
        requires_safety_checker=False).save_pretrained(folder / "saved")
    single = folder / "model.safetensors"
    save_original(folder / "saved", single, dict(unet.config), 3, request.param)
    return request.param, folder / "saved", single


def info(engine, model):
    events = [json.loads(line) for line in engine("--json", "info", model).splitlines()]
    return next(event for event in events if event["event"] == "model")


def picture(engine, model, out, *options):
    engine("draw", "--model", model, "--prompt", PROMPT, "--seeds", "8", "--steps", "6",
           "--size", "64x48", "--out", out, "--no-safety-check", "--no-sheet", *options)
    (drawn,) = out.glob("001-*.png")
    return np.array(Image.open(drawn)).astype(int)


def test_both_layouts_are_one_model(engine, model, tmp_path):
    _, folder, single = model
    as_folder, as_file = info(engine, folder), info(engine, single)
    differing = {key for key in as_folder if as_folder[key] != as_file[key]}
    assert differing <= {"folder", "passed_over", "warnings"}
    # What training and OpenCLIP leave in such files.
    assert {"betas", "model_ema.decay"} <= set(as_file["passed_over"]) and not as_folder["passed_over"]
    assert bool(as_file["warnings"]) == (as_file["prediction"] == "v_prediction")
    assert np.array_equal(picture(engine, folder, tmp_path / "a"),
                          picture(engine, single, tmp_path / "b"))


def test_pictures_equal_diffusers(engine, model, tmp_path):
    """With the model's own solver, as a user of either would draw."""
    from diffusers import StableDiffusionPipeline

    _, folder, single = model
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32,
                                                   safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    theirs = np.array(pipe(PROMPT, num_inference_steps=6, guidance_scale=5.0, width=64, height=48,
                           generator=torch.Generator().manual_seed(8)).images[0]).astype(int)
    assert theirs.std() > 5, "a blank picture would show nothing"
    assert np.abs(picture(engine, single, tmp_path / "ours") - theirs).max() <= 1


def test_older_attention_of_the_autoencoder(engine, model, tmp_path):
    """Matrices where others have 1x1 convolutions."""
    from diffusers import UNet2DConditionModel

    family, folder, single = model
    config = UNet2DConditionModel.load_config(folder / "unet")
    save_original(folder, tmp_path / "m.safetensors", config, 3, family, vae_convolutions=False)
    assert info(engine, tmp_path / "m.safetensors")["fingerprint"] == (
        info(engine, single)["fingerprint"])


def test_the_yaml_beside_a_file_overrides(engine, model, tmp_path):
    _, _, single = model
    copy = shutil.copy(single, tmp_path / "m.safetensors")
    for parameterization, prediction in (("eps", "epsilon"), ("v", "v_prediction")):
        (tmp_path / "m.yaml").write_text(
            f"model:\n  params:\n    parameterization: {parameterization}\n")
        assert info(engine, copy)["prediction"] == prediction


@pytest.fixture
def rewritten(model, tmp_path):
    """rewritten(...) writes the module's model as one file with an oddity, and gives its place."""
    from diffusers import UNet2DConditionModel

    family, folder, _ = model
    config = UNet2DConditionModel.load_config(folder / "unet")

    def write(**oddity):
        save_original(folder, tmp_path / "odd.safetensors", config, 3, family, **oddity)
        return tmp_path / "odd.safetensors"

    return write


only_sd1 = pytest.mark.parametrize("model", ["sd1"], indirect=True)
only_sd2 = pytest.mark.parametrize("model", ["sd2"], indirect=True)


@only_sd2
def test_the_text_encoder_may_have_gone_through_other_tools(engine, model, rewritten, tmp_path):
    """Without the spare block, and under transformers' names: every block that is there counts."""
    _, folder, _ = model
    wanted, drawn = info(engine, folder)["fingerprint"], picture(engine, folder, tmp_path / "folder")
    for text in ("round trip", "transformers"):
        odd = rewritten(text=text)
        assert info(engine, odd)["fingerprint"] == wanted, text
        assert np.array_equal(picture(engine, odd, tmp_path / text), drawn), text


def test_what_the_network_does_not_ask_for_is_passed_over(engine, model, rewritten):
    _, folder, _ = model
    more = {"embedding_manager.string_to_param_dict.*": torch.randn(1, 128),
            "cond_stage_model.transformer.text_projection.weight": torch.randn(2, 2),
            "cond_stage_model.logit_scale": torch.tensor(4.6), "lora_te_x.lora_up.weight": torch.randn(2, 2),
            "model.diffusion_model.ema_scope": torch.ones(1), "first_stage_model.loss.logvar": torch.zeros(1)}
    described = info(engine, rewritten(change=lambda tensors: tensors | more))
    assert described["fingerprint"] == info(engine, folder)["fingerprint"]
    assert set(more) <= set(described["passed_over"])


@only_sd2
def test_damage_is_named_as_the_file_has_it(engine_errors, rewritten, tmp_path):
    """In the keys of a joined attention tensor, which are the second third of it."""
    name = "cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight"
    place = 128 * 128 + 1

    def poisoned(tensors):
        tensors[name].view(-1)[place] = float("nan")
        return tensors

    said = engine_errors("draw", "--model", rewritten(change=poisoned), "--prompt", PROMPT, "--steps", "2", "--size",
                         "96", "--no-safety-check", "--out", tmp_path / "drawn", code=1)
    assert f'odd.safetensors: tensor "{name}": number {place} is nan' in said


@only_sd1
def test_the_autoencoders_attention_by_every_converter(engine, model, rewritten):
    _, folder, _ = model
    wanted = info(engine, folder)["fingerprint"]
    for names in (("to_to_q", "to_to_k", "to_to_v", "to_out.0"), ("query", "key", "value", "proj_attn")):
        def renamed(tensors):
            for own, other in zip(("q", "k", "v", "proj_out"), names):
                for name in [n for n in tensors if f"attn_1.{own}." in n]:
                    tensors[name.replace(f"attn_1.{own}.", f"attn_1.{other}.")] = tensors.pop(name)
            return tensors
        assert info(engine, rewritten(change=renamed))["fingerprint"] == wanted, names


@only_sd1
def test_a_file_without_a_vae_is_said_to_be_one(engine, engine_errors, model, rewritten):
    _, folder, _ = model
    odd = rewritten(change=lambda tensors: {name: tensor for name, tensor in tensors.items()
                                            if not name.startswith("first_stage_model.")})
    said = engine_errors("info", odd, code=2)
    assert "odd.safetensors" in said and "without a VAE" in said
    shutil.copytree(folder / "vae", odd.parent / "vae")
    assert info(engine, odd)["fingerprint"] == info(engine, folder)["fingerprint"]


@pytest.mark.parametrize("model,kind", [("sd1", torch.float8_e4m3fn), ("sd2", torch.float8_e5m2)], indirect=["model"])
def test_eight_bits_are_widened(engine, rewritten, tmp_path, kind):
    """To the numbers that they stand for."""
    def stored(tensors, *types):
        for wanted in types:
            tensors = {name: tensor.to(wanted) if tensor.is_floating_point() else tensor
                       for name, tensor in tensors.items()}
        return tensors

    odd = rewritten(change=lambda tensors: stored(tensors, kind))
    fingerprint, drawn = info(engine, odd)["fingerprint"], picture(engine, odd, tmp_path / "a")
    wide = rewritten(change=lambda tensors: stored(tensors, kind, torch.float))
    assert info(engine, wide)["fingerprint"] == fingerprint
    assert np.array_equal(picture(engine, wide, tmp_path / "b"), drawn)


@only_sd1
def test_the_same_numbers_are_one_model_whatever_they_are_stored_in(engine, model, rewritten):
    """As saving an fp16 model again in fp32 leaves it."""
    def stored(tensors, *types):
        for wanted in types:
            tensors = {name: tensor.to(wanted) if tensor.is_floating_point() else tensor
                       for name, tensor in tensors.items()}
        return tensors

    half = info(engine, rewritten(change=lambda tensors: stored(tensors, torch.half)))["fingerprint"]
    assert info(engine, rewritten(change=lambda tensors: stored(tensors, torch.half, torch.float)))["fingerprint"] == half
    assert info(engine, model[2])["fingerprint"] != half, "rounding changes numbers"


@only_sd2
def test_what_a_file_says_of_its_prediction_counts(engine, model, rewritten):
    said = info(engine, rewritten(metadata={"format": "pt", "modelspec.prediction_type": "epsilon"}))
    assert said["prediction"] == "epsilon" and not said["warnings"]
    base = info(engine, rewritten(change=lambda tensors: tensors | {"global_step": torch.tensor(220_000)}))
    assert base["prediction"] == "epsilon" and not base["warnings"]
    assert base["picture_size"] == said["picture_size"] < info(engine, model[1])["picture_size"]


def answering_with_its_input(tensors):
    """The network with a way straight through it: each sample goes in beside its negative, past everything by the
    last connection, and comes out of the norm and SiLU as it was, silu(x) - silu(-x) = x."""
    at, last = "model.diffusion_model.", "model.diffusion_model.output_blocks.5."
    changed = {name: torch.zeros_like(tensors[name]) for name in (
        at + "input_blocks.0.0.weight", at + "input_blocks.0.0.bias", last + "0.out_layers.3.weight",
        last + "0.out_layers.3.bias", last + "0.skip_connection.weight", last + "0.skip_connection.bias",
        last + "1.proj_out.weight", last + "1.proj_out.bias", at + "out.2.weight", at + "out.2.bias")}
    width = tensors[at + "out.0.weight"].shape[0]
    for channel in range(4):
        for k, sign in ((2 * channel, 1), (2 * channel + 1, -1)):
            changed[at + "input_blocks.0.0.weight"][k, channel, 1, 1] = sign
            changed[last + "0.skip_connection.weight"][k, -width + k] = 1
            changed[at + "out.2.weight"][channel, k, 1, 1] = sign
    return tensors | changed


@only_sd2
def test_a_network_that_answers_noise_with_noise_predicts_noise(engine, engine_errors, model, rewritten, tmp_path):
    """Where nothing else says what an SD 2.x file predicts; and what cannot be seen is said, wherever work begins."""
    _, folder, single = model
    noise = info(engine, rewritten(change=answering_with_its_input))
    assert noise["prediction"] == "epsilon" and not noise["warnings"]
    assert any("answers noise with noise" in remark for remark in noise["remarks"])
    assert noise["picture_size"] < info(engine, folder)["picture_size"]
    for work in (("draw", "--prompt", PROMPT, "--steps", "1", "--size", "64x64", "--no-safety-check", "--no-sheet"),
                 ("teach", MODEL / "concepts" / "pip" / "images", "--class", "mascot", "--token", "<pip>", "--steps",
                  "1", "--size", "64")):
        said = engine_errors(*work, "--model", single, "--out", tmp_path / work[0])
        assert "does not say whether its network predicts noise or v" in said and "model.yaml" in said


def test_shards_and_half_precision_variants(engine, model, tmp_path):
    _, folder, _ = model
    copy = tmp_path / "sharded"
    shutil.copytree(folder, copy)
    whole = copy / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(whole)
    names, map_ = sorted(tensors), {}
    for part in range(3):
        file = f"diffusion_pytorch_model-{part + 1:05d}-of-00003.safetensors"
        save_file({name: tensors[name] for name in names[part::3]}, whole.parent / file)
        map_ |= {name: file for name in names[part::3]}
    (whole.parent / f"{whole.name}.index.json").write_text(json.dumps({"weight_map": map_}))
    whole.unlink()
    assert info(engine, copy)["fingerprint"] == info(engine, folder)["fingerprint"]
    for shard in whole.parent.glob("*safetensors*"):
        shard.unlink()
    save_file({name: tensor.half() for name, tensor in tensors.items()},
              whole.parent / "diffusion_pytorch_model.fp16.safetensors")
    assert info(engine, copy)["fingerprint"] != info(engine, folder)["fingerprint"], "rounded"
    close = picture(engine, copy, tmp_path / "half") - picture(engine, folder, tmp_path / "full")
    assert np.abs(close).mean() < 2
