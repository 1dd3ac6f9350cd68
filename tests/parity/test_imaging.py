"""Resizing and cropping equal to Pillow's, bit for bit; decoding equal to Pillow's where both agree
on what a picture means."""

import json
import struct
import subprocess
import zlib

import numpy as np
import phone_pictures
import pytest
import torch
from PIL import Image, ImageOps, PngImagePlugin

from processes import BIN


@pytest.fixture
def decode(tmp_path):
    """decode(path) -> our pixels, and what was said of them; no pixels where it is an error."""

    def run(path):
        done = subprocess.run([BIN / "picture_probe", path, tmp_path / "out.ppm"], check=True,
                              capture_output=True, text=True, timeout=120)
        said = json.loads(done.stdout)
        return (None if "error" in said else np.array(Image.open(tmp_path / "out.ppm"))), said

    return run


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


def exif_block(orientation, prefix=b""):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return prefix + exif.tobytes().removeprefix(b"Exif\0\0")


QUARTERS = np.zeros((24, 16, 3), np.uint8)
QUARTERS[:12, :8], QUARTERS[:12, 8:], QUARTERS[12:, :8], QUARTERS[12:, 8:] = (
    (230, 30, 30), (30, 200, 30), (30, 30, 230), (240, 240, 30))
XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def save_png(path, kind, orientation):
    """A PNG that says its orientation in one of the ways that programs have."""
    info = PngImagePlugin.PngInfo()
    block = exif_block(orientation, b"Exif\0\0")
    raw = f"\nexif\n{len(block):8}\n{block.hex()}\n"
    if kind == "zTXt":
        info.add_text("Raw profile type exif", raw, zip=True)
    elif kind == "tEXt":
        info.add_text("Raw profile type exif", raw)
    elif kind == "iTXt":
        info.add_itxt("Raw profile type exif", raw)
    elif kind == "exif":
        info.add(b"tEXt", b"exif\0" + block)
    elif kind == "xmp":
        info.add_itxt("XML:com.adobe.xmp", XMP % orientation)
    elif kind == "compressed xmp":
        info.add_text("XML:com.adobe.xmp", XMP % orientation, zip=True)
    Image.fromarray(QUARTERS).save(path, pnginfo=info)
    if kind.startswith("eXIf"):
        content = path.read_bytes()
        at = content.index(b"IEND" if "behind" in kind else b"IDAT") - 4
        path.write_bytes(content[:at] + png_chunk(b"eXIf", exif_block(orientation)) + content[at:])


@pytest.mark.parametrize("kind", ["zTXt", "tEXt", "iTXt", "exif", "xmp", "compressed xmp", "eXIf",
                                  "eXIf behind the pixels"])
def test_a_png_is_turned_as_pillow_turns_it(decode, tmp_path, kind):
    for orientation in (range(1, 9) if kind == "zTXt" else (6,)):
        path = tmp_path / "turned.png"
        save_png(path, kind, orientation)
        theirs = np.array(ImageOps.exif_transpose(Image.open(path)))
        assert orientation == 1 or theirs.shape != QUARTERS.shape or (theirs != QUARTERS).any()
        ours, said = decode(path)
        assert np.array_equal(ours, theirs), (kind, orientation)
        assert said["warnings"] == []


@pytest.mark.parametrize("name,options", [
    ("a.jpg", {"quality": 100, "subsampling": 0, "exif": exif_block(5, b"Exif\0\0")}),
    ("a.jpg", {"quality": 100, "subsampling": 0, "xmp": (XMP % 8).encode()}),
    ("a.webp", {"lossless": True, "exif": exif_block(7)}),
    ("a.webp", {"lossless": True, "xmp": (XMP % 3).encode()}),
    ("a.tif", {"tiffinfo": {0x0112: 8}}),
    ("a.tif", {"tiffinfo": {0x0112: 2}}),
], ids=str)
def test_other_formats_are_turned_as_pillow_turns_them(decode, tmp_path, name, options):
    Image.fromarray(QUARTERS).save(tmp_path / name, **options)
    theirs = np.array(ImageOps.exif_transpose(Image.open(tmp_path / name)).convert("RGB"))
    ours, _ = decode(tmp_path / name)
    assert ours.shape == theirs.shape and np.abs(ours.astype(int) - theirs).max() <= 1
    assert theirs.shape != QUARTERS.shape or (theirs != QUARTERS).any(), "it is turned at all"


def tiff_kinds():
    rgb = Image.fromarray(noise_picture(37, 23, 1))
    grey = rgb.convert("L")
    bilevel = grey.convert("1")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"rgb {compression}", rgb, {"compression": compression}
    yield "jpeg", rgb, {"compression": "jpeg", "quality": 95}
    yield "grey", grey, {}
    yield "one bit", bilevel, {}
    yield "fax", bilevel, {"compression": "group4"}
    yield "fax, black is 1", bilevel, {"compression": "group3", "tiffinfo": {262: 0}}
    yield "palette", rgb.quantize(32), {}
    yield "cmyk", rgb.convert("CMYK"), {}
    yield "sixteen bits", Image.fromarray(np.arange(23 * 37, dtype=np.uint16).reshape(23, 37) * 70), {}
    yield "big", rgb, {"big_tiff": True}


@pytest.mark.parametrize("kind,picture,options", list(tiff_kinds()), ids=[k[0] for k in tiff_kinds()])
def test_a_scanners_tiff_is_what_pillow_says(decode, tmp_path, kind, picture, options):
    picture.save(tmp_path / "scan.tif", **options)
    opened = Image.open(tmp_path / "scan.tif")
    if opened.mode == "I;16":
        theirs = np.repeat((np.array(opened) >> 8)[..., None], 3, axis=2)
    else:
        theirs = np.array(opened.convert("RGB")).astype(int)
    ours, said = decode(tmp_path / "scan.tif")
    assert said["warnings"] == []
    # Pillow turns CMYK by a formula, libvips by a printing press's profile.
    assert np.abs(ours.astype(int) - theirs).max() <= {"cmyk": 130, "jpeg": 2}.get(kind, 0)


def test_transparency_of_a_tiff_lies_on_white(decode, tmp_path):
    rgba = np.full((4, 4, 4), (200, 100, 0, 128), np.uint8)
    Image.fromarray(rgba).save(tmp_path / "a.tif")
    assert np.abs(decode(tmp_path / "a.tif")[0][0, 0].astype(int) - (227, 177, 127)).max() <= 1
    # The same where colours have been multiplied by it, which the file says in one number.
    multiplied = np.full((4, 4, 4), (100, 50, 0, 128), np.uint8)
    Image.fromarray(multiplied).save(tmp_path / "b.tif")
    said = (tmp_path / "b.tif").read_bytes()
    at = said.index(struct.pack("<HHI", 338, 3, 1)) + 8
    assert said[at] == 2
    (tmp_path / "b.tif").write_bytes(said[:at] + b"\1" + said[at + 1:])
    assert np.abs(decode(tmp_path / "b.tif")[0][0, 0].astype(int) - (227, 177, 127)).max() <= 1


def test_pages_of_a_tiff_are_said(decode, tmp_path):
    pages = [Image.new("L", (8, 8), level) for level in (10, 20, 30)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    ours, said = decode(tmp_path / "pages.tif")
    assert ours[0, 0].tolist() == [10, 10, 10] and "3 pages" in said["warnings"][0]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_an_avif_is_what_pillow_says(decode, tmp_path, mode):
    smooth = np.stack([np.add.outer(np.arange(32) * 2, np.arange(48) * 2) + c for c in (10, 40, 70)], -1)
    picture = Image.fromarray(smooth.astype(np.uint8)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    # An orientation becomes the format's own.
    picture.save(tmp_path / "a.avif", quality=90, exif=exif_block(6, b"Exif\0\0"))
    theirs = ImageOps.exif_transpose(Image.open(tmp_path / "a.avif"))
    if mode == "RGBA":
        theirs = Image.alpha_composite(Image.new("RGBA", theirs.size, "white"), theirs)
    ours, said = decode(tmp_path / "a.avif")
    assert ours.shape[:2] == (48, 32) and said["warnings"] == []
    assert np.abs(ours.astype(int) - np.array(theirs.convert("RGB"))).max() <= 4


def test_colours_of_an_avif_without_a_profile(decode, tmp_path):
    """What Android writes: Display P3 by numbers alone."""
    Image.new("RGB", (16, 16), (202, 59, 50)).save(tmp_path / "a.avif", quality=100, subsampling="4:4:4")
    content = (tmp_path / "a.avif").read_bytes()
    at = content.index(b"colrnclx") + 8
    (tmp_path / "p3.avif").write_bytes(content[:at] + struct.pack(">HH", 12, 13) + content[at + 4:])
    assert np.abs(decode(tmp_path / "p3.avif")[0][8, 8].astype(int) - (220, 40, 40)).max() <= 2
    (tmp_path / "pq.avif").write_bytes(content[:at] + struct.pack(">HH", 9, 16) + content[at + 4:])
    assert "HDR" in decode(tmp_path / "pq.avif")[1]["warnings"][0]


def test_a_heic_as_a_phone_writes_it(decode, tmp_path):
    (tmp_path / "IMG_0042.HEIC").write_bytes(phone_pictures.HEIC)
    ours, said = decode(tmp_path / "IMG_0042.HEIC")
    assert (ours.shape[1], ours.shape[0]) == phone_pictures.SIZE and said["warnings"] == []
    for i, colour in enumerate(phone_pictures.QUARTERS):
        pixel = ours[24 + 48 * (i // 2), 16 + 32 * (i % 2)].astype(int)
        assert np.abs(pixel - colour).max() <= 4


def test_what_moves_is_refused(decode, tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    for name in ("a.avif", "a.png", "a.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert "animation" in decode(tmp_path / name)[1]["error"], name
    # One frame is none.
    frames[0].save(tmp_path / "still.png", save_all=True, append_images=[])
    assert "error" not in decode(tmp_path / "still.png")[1]


def test_a_phones_picture_of_64_million_pixels(decode, tmp_path):
    Image.new("RGB", (9248, 6936), (90, 120, 30)).save(tmp_path / "large.jpg", quality=50)
    ours, said = decode(tmp_path / "large.jpg")
    assert ours.shape == (3468, 4624, 3) and said["full_size"] == [9248, 6936]
    assert np.abs(ours[1000, 1000].astype(int) - (90, 120, 30)).max() <= 3


def large_pictures():
    """Of 12 million pixels, in every way of decoding that takes memory of its own."""
    size = (4000, 3000)
    rgb = Image.new("RGB", size, (90, 120, 30))
    rgb.paste((200, 40, 40), (0, 0, 2000, 1500))
    yield "a.png", rgb, {}
    yield "alpha.png", rgb.convert("RGBA"), {}
    yield "a.jpg", rgb, {}
    yield "progressive.jpg", rgb, {"progressive": True}
    yield "progressive444.jpg", rgb, {"progressive": True, "subsampling": 0}
    yield "turned.jpg", rgb, {"exif": exif_block(6, b"Exif\0\0")}
    yield "a.webp", rgb, {"method": 0}
    yield "lossless.webp", rgb.convert("RGBA"), {"lossless": True, "method": 0}
    yield "a.avif", rgb, {"speed": 10}
    yield "alpha.avif", rgb.convert("RGBA"), {"speed": 10}
    yield "a.tif", rgb, {}
    yield "strips.tif", rgb, {"compression": "tiff_adobe_deflate"}


@pytest.mark.parametrize("name,picture,options", list(large_pictures()), ids=[p[0] for p in large_pictures()])
def test_decoding_takes_no_more_memory_than_announced(decode, tmp_path, name, picture, options):
    picture.save(tmp_path / name, **options)
    _, said = decode(tmp_path / name)
    assert said["peak_bytes"] <= said["announced_bytes"]
    # Nor is it announced as much more.
    assert said["announced_bytes"] <= 2.5 * said["peak_bytes"]


def test_a_sixteen_bit_picture_is_decoded_in_strips(decode, tmp_path):
    """Some KB of 16-bit noughts took nearly five times their finished pixels once: 820 MiB for 8000²."""
    side = 4000
    rows = zlib.compress(bytes(1 + 6 * side) * side, 1)
    (tmp_path / "wide.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 16, 2, 0, 0, 0))
        + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b""))
    _, said = decode(tmp_path / "wide.png")
    assert said["peak_bytes"] <= said["announced_bytes"] < 1.75 * 3 * side * side
