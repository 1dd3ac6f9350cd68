"""Resizing and cropping equal to Pillow's, bit for bit; decoding equal to Pillow's where both agree
on what a picture means."""

import numpy as np
import pytest
import torch
from PIL import Image


def noise_picture(width, height, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("width,height", [(64, 64), (100, 80), (31, 47), (512, 300), (7, 900)])
@pytest.mark.parametrize("to", [(64, 64), (13, 200), (224, 224)])
def test_resize_equals_pillow(probe, width, height, to):
    pixels = noise_picture(width, height, seed=width)
    ours = probe("resize", {"bytes": torch.from_numpy(pixels)[None]}, width=to[0], height=to[1],
                 square=64)
    picture = Image.fromarray(pixels)
    assert np.array_equal(ours["resized"][0], np.array(picture.resize(to, Image.BICUBIC)))
    assert np.array_equal(ours["squashed"][0], np.array(picture.resize((64, 64), Image.BICUBIC)))

    # Diffusers' textual_inversion.py with --center_crop.
    crop = min(height, width)
    top, left = (height - crop) // 2, (width - crop) // 2
    cropped = Image.fromarray(pixels[top:top + crop, left:left + crop])
    assert np.array_equal(ours["cropped"][0], np.array(cropped.resize((64, 64), Image.BICUBIC)))


@pytest.mark.parametrize("width,height", [(64, 64), (100, 80), (31, 47), (512, 300), (90, 700)])
def test_clip_preprocessing_equals_transformers(probe, model_folder, width, height):
    from transformers import CLIPImageProcessorPil

    processor = CLIPImageProcessorPil.from_pretrained(model_folder / "feature_extractor")
    pixels = noise_picture(width, height, seed=height)
    theirs = processor(Image.fromarray(pixels), return_tensors="np", do_normalize=False,
                       do_rescale=False).pixel_values[0].transpose(1, 2, 0)
    ours = probe("resize", {"bytes": torch.from_numpy(pixels)[None]}, width=8, height=8, square=64)
    assert np.array_equal(ours["clip"][0].numpy(), theirs.astype(np.uint8))
