"""A model of Stable Diffusion 1.5's size with random weights, made once in build/full-size: 2.1 GB of
fp16 as a Diffusers folder, and as a single file.

Its outline – configurations, and every tensor's name and shape – comes from Diffusers' own modules. What makes
weights of it needs PyTorch alone, so that an outline can go where there is no Diffusers:
`full_size.py --outline FOLDER` writes one.
"""

import json
import math
import pathlib
import shutil
import subprocess
import sys

from harness import MODEL, REPOSITORY

HOME = REPOSITORY / "build" / "full-size"
FOLDER = HOME / "folder"
SINGLE_FILE = HOME / "model.safetensors"
SHAPES = "shapes.json"
WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}


def write_outline(home):
    """Everything in home/folder but weights and tokenizer, and the weights' shapes in home/shapes.json."""
    from harness import quiet_libraries

    quiet_libraries()
    import torch
    from diffusers import (AutoencoderKL, PNDMScheduler, StableDiffusionPipeline,
                           UNet2DConditionModel)
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
            sample_size=512, scaling_factor=0.18215)
        text = CLIPTextModel(CLIPTextConfig(
            vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
            num_attention_heads=12, hidden_act="quick_gelu", bos_token_id=49406, eos_token_id=49407))
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
        num_train_timesteps=1000, set_alpha_to_one=False, skip_prk_steps=True)
    pipe = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=CLIPTokenizer.from_pretrained(MODEL / "tokenizer"),
        unet=unet, scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)
    folder = home / "folder"
    pipe.save_config(folder)
    unet.save_config(folder / "unet")
    vae.save_config(folder / "vae")
    scheduler.save_config(folder / "scheduler")
    text.config.architectures = ["CLIPTextModel"]
    text.config.save_pretrained(folder / "text_encoder")
    shapes = {part: {name: list(tensor.shape) for name, tensor in getattr(pipe, part).state_dict().items()}
              for part in WEIGHTS}
    (home / SHAPES).write_text(json.dumps(shapes))


def fill(home):
    """Weights as PyTorch's layers begin with: uniform within 1/√(inputs) – where nothing grows without
    bound –, norms at 1, biases at 0."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def weights(name, shape):
        if len(shape) == 1:
            return torch.full(shape, float(name.endswith("weight")), dtype=torch.float16)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        return torch.empty(shape, device=device).uniform_(-bound, bound).half().cpu()

    shutil.copytree(MODEL / "tokenizer", home / "folder" / "tokenizer", dirs_exist_ok=True)
    for part, shapes in json.loads((home / SHAPES).read_text()).items():
        save_file({name: weights(name, shape) for name, shape in shapes.items()},
                  home / "folder" / part / f"{WEIGHTS[part]}.safetensors", {"format": "pt"})


def save_single_file():
    sys.path.append(str(REPOSITORY / "tests" / "parity"))
    from original_layout import save_original

    save_original(FOLDER, SINGLE_FILE, json.loads((FOLDER / "unet" / "config.json").read_text()), 4, "sd1")


def make_folder():
    if not (HOME / SHAPES).exists():
        write_outline(HOME)
    fill(HOME)


def ensure():
    # The text encoder is the last that is written.
    if not (FOLDER / "text_encoder" / "model.safetensors").exists():
        in_a_child("--folder")
    return FOLDER


def ensure_single_file():
    ensure()
    if not SINGLE_FILE.exists():
        in_a_child("--single-file")
    return SINGLE_FILE


def in_a_child(what):
    # What a process held at most is also counted for its children.
    print("making a model of Stable Diffusion 1.5's size in build/full-size", flush=True)
    subprocess.run([sys.executable, __file__, what], check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--outline", home]:
            write_outline(pathlib.Path(home))
        case ["--folder"]:
            make_folder()
        case ["--single-file"]:
            save_single_file()
