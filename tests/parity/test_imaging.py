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


def raw_tiff(path, photometric, samples, extra, pixel):
    """4×4 pixels alike, in one strip; `extra` is what the file says of the numbers that are no colour."""
    content = bytes(pixel) * 16
    fields = [(256, 4), (257, 4), (258, 8), (259, 1), (262, photometric), (273, 8), (277, samples), (278, 4),
              (279, len(content)), *([(320, 0)] if photometric == 3 else []),
              *([(338, extra)] if extra is not None else [])]
    bits = 8 + len(content)
    colours = bits + 2 * samples
    palette = struct.pack("<768H", *(257 * (level ^ mask) for mask in (0, 85, 170) for level in range(256)))
    directory = colours + len(palette)
    entries = b""
    for tag, value in fields:
        if tag == 258:  # two stand in the field itself
            entries += (struct.pack("<HHIHH", tag, 3, samples, 8, 8) if samples <= 2
                        else struct.pack("<HHII", tag, 3, samples, bits))
        elif tag == 320:
            entries += struct.pack("<HHII", tag, 3, 768, colours)
        else:
            entries += struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, directory) + content + struct.pack("<H", 8) * samples + palette
                     + struct.pack("<H", len(fields)) + entries + bytes(4))


@pytest.mark.parametrize("photometric,extra,pixel", [
    (2, 0, (200, 100, 50, 0)), (2, 2, (200, 100, 50, 128)), (5, 0, (20, 100, 50, 10, 0)), (1, 0, (90, 0)), (3, 0, (7, 0))],
                         ids=str)
def test_a_channel_more_is_transparency_only_where_a_tiff_says_so(decode, tmp_path, photometric, extra, pixel):
    """A mask or a spot colour made the picture white once."""
    raw_tiff(tmp_path / "more.tif", photometric, len(pixel), extra, pixel)
    ours = decode(tmp_path / "more.tif")[0][1, 1].astype(int)
    opened = Image.open(tmp_path / "more.tif")
    if extra == 2:
        assert opened.mode == "RGBA"
        theirs = np.array(Image.alpha_composite(Image.new("RGBA", (4, 4), "white"), opened))[1, 1, :3].astype(int)
        assert np.abs(ours - theirs).max() <= 1
    elif photometric == 5:
        # The same as without it: Pillow turns CMYK by a formula.
        raw_tiff(tmp_path / "plain.tif", photometric, 4, None, pixel[:4])
        assert ours.tolist() == decode(tmp_path / "plain.tif")[0][1, 1].tolist()
        assert np.abs(ours - np.array(opened.convert("RGB"))[1, 1]).max() <= 130
    else:
        assert ours.tolist() == np.array(opened.convert("RGB"))[1, 1].tolist()


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


class Interlaced:
    """A PNG in Adam7's seven passes, which Pillow does not write."""

    PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

    def __init__(self, pixels):
        self.pixels = pixels

    def save(self, path):
        height, width, bands = self.pixels.shape
        rows = b""
        for left, top, across, down in self.PASSES:
            part = self.pixels[top::down, left::across].reshape(-1, -(-(width - left) // across) * bands)
            rows += np.pad(part, ((0, 0), (1, 0))).tobytes()
        header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[bands], 0, 0, 1)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
                         + png_chunk(b"IDAT", zlib.compress(rows, 1)) + png_chunk(b"IEND", b""))


def test_an_interlaced_png_is_what_pillow_says(decode, tmp_path):
    Interlaced(noise_picture(37, 23, 1)).save(tmp_path / "a.png")
    assert np.array_equal(np.array(Image.open(tmp_path / "a.png")), noise_picture(37, 23, 1))
    assert np.array_equal(decode(tmp_path / "a.png")[0], noise_picture(37, 23, 1))


def large_picture(mode="RGB", size=(4000, 3000)):
    picture = Image.new("RGB", size, (90, 120, 30))
    picture.paste((200, 40, 40), (0, 0, size[0] // 2, size[1] // 2))
    return picture.convert(mode)


# Of 12 million pixels, in every way of decoding that takes memory of its own.
LARGE_PICTURES = {
    "a.png": (large_picture, {}),
    "alpha.png": (lambda: large_picture("RGBA"), {}),
    "interlaced.png": (lambda: Interlaced(np.array(large_picture())), {}),
    "interlacedalpha.png": (lambda: Interlaced(np.array(large_picture("RGBA"))), {}),
    "a.jpg": (large_picture, {}),
    "cmyk.jpg": (lambda: large_picture("CMYK"), {}),
    "progressive.jpg": (large_picture, {"progressive": True}),
    "progressive422.jpg": (large_picture, {"progressive": True, "subsampling": "4:2:2"}),
    "progressive444.jpg": (large_picture, {"progressive": True, "subsampling": 0}),
    "progressivegrey.jpg": (lambda: large_picture("L"), {"progressive": True}),
    "progressivecmyk.jpg": (lambda: large_picture("CMYK"), {"progressive": True}),
    "shrunk.jpg": (lambda: large_picture(size=(9248, 6936)), {}),
    "shrunkprogressive.jpg": (lambda: large_picture(size=(9248, 6936)), {"progressive": True}),
    "turned.jpg": (large_picture, {"exif": exif_block(6, b"Exif\0\0")}),
    "a.webp": (large_picture, {"method": 0}),
    "lossless.webp": (lambda: large_picture("RGBA"), {"lossless": True, "method": 0}),
    "a.avif": (large_picture, {"speed": 10}),
    "alpha.avif": (lambda: large_picture("RGBA"), {"speed": 10}),
    "a.tif": (large_picture, {}),
    "strips.tif": (large_picture, {"compression": "tiff_adobe_deflate"}),
}


@pytest.mark.parametrize("name", LARGE_PICTURES)
def test_decoding_takes_no_more_memory_than_announced(decode, tmp_path, name):
    make, options = LARGE_PICTURES[name]
    make().save(tmp_path / name, **options)
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
