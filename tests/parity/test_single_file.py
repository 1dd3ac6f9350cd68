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
    assert differing == {"folder"}
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
    assert info(engine, copy)["fingerprint"] != info(engine, folder)["fingerprint"]
    close = picture(engine, copy, tmp_path / "half") - picture(engine, folder, tmp_path / "full")
    assert np.abs(close).mean() < 2
