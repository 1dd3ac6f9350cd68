"""A model of Stable Diffusion 1.5's size with random weights, made once in build/full-size: 2.1 GB of
fp16 as a Diffusers folder and as a single file."""

import subprocess
import sys

from harness import MODEL, REPOSITORY, quiet_libraries

quiet_libraries()
import torch

sys.path.append(str(REPOSITORY / "tests" / "parity"))
from original_layout import save_original

FOLDER = REPOSITORY / "build" / "full-size" / "folder"
SINGLE_FILE = REPOSITORY / "build" / "full-size" / "model.safetensors"


def make():
    from diffusers import (AutoencoderKL, PNDMScheduler, StableDiffusionPipeline,
                           UNet2DConditionModel)
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
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
    StableDiffusionPipeline(
        vae=vae.half(), text_encoder=text.half(),
        tokenizer=CLIPTokenizer.from_pretrained(MODEL / "tokenizer"), unet=unet.half(),
        scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False).save_pretrained(FOLDER)
    save_original(FOLDER, SINGLE_FILE, dict(unet.config), 4, "sd1")


def ensure():
    if not SINGLE_FILE.exists():
        print("making a model of Stable Diffusion 1.5's size in build/full-size", flush=True)
        # What a process held at most is also counted for its children.
        subprocess.run([sys.executable, __file__], check=True)
    return FOLDER


if __name__ == "__main__":
    make()
