"""Pictures as they come: every kind that Pillow writes must be taken, and mean what Pillow says."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from phone_pictures import HEIC
from processes import PIP


def gradient():
    x = np.linspace(40, 215, 64)
    red, green = np.meshgrid(x, x)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 90)], -1).astype(np.uint8))


def kinds():
    rgb = gradient()
    rgba = rgb.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize((64, 64)))
    sixteen = Image.fromarray((np.array(rgb.convert("L")).astype(np.uint16) * 257))
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "rgb.png", rgb, {}
    yield "grey.png", rgb.convert("L"), {}
    yield "grey-alpha.png", rgba.convert("LA"), {}
    yield "palette.png", rgb.quantize(64), {}
    yield "palette-transparent.png", rgb.quantize(64), {"transparency": 3}
    yield "bilevel.png", rgb.convert("1"), {}
    yield "alpha.png", rgba, {}
    yield "sixteen.png", sixteen, {}
    yield "interlaced.png", rgb, {}
    yield "plain.jpg", rgb, {"quality": 95}
    yield "progressive.jpg", rgb, {"progressive": True, "quality": 95}
    yield "grey.jpg", rgb.convert("L"), {"quality": 95}
    yield "cmyk.jpg", rgb.convert("CMYK"), {"quality": 95}
    yield "turned.jpg", rgb, {"exif": exif, "quality": 95}
    yield "lossless.webp", rgb, {"lossless": True}
    yield "alpha.webp", rgba, {"lossless": True}
    yield "phone.avif", rgb, {"exif": exif}
    yield "scan.tif", rgb, {"compression": "tiff_lzw"}
    yield "fax.tiff", rgb.convert("1"), {"compression": "group4"}


@pytest.mark.parametrize("name,picture,options", list(kinds()), ids=[k[0] for k in kinds()])
def test_every_kind_of_picture_is_taken(teach, tmp_path, name, picture, options):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture.save(folder / name, **options)
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 0, result.err
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert [p["path"] for p in record["order"]["pictures"]] == [str(folder / name)]


def test_a_folder_with_stray_files_works(teach, tmp_path):
    folder = shutil.copytree(PIP, tmp_path / "photos")
    (folder / "notes.txt").write_text("taken at the zoo")
    (folder / ".DS_Store").write_bytes(b"\0\1")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf")
    (folder / "raw").mkdir()
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 0, result.err
    assert "5 at 64×64" in result.out
    for skipped in ("notes.txt (not a picture)", ".DS_Store (hidden)", "Thumbs.db", "raw (a folder)"):
        assert skipped in result.out


def test_stray_files_do_not_change_the_result(teach, tmp_path):
    folder = shutil.copytree(PIP, tmp_path / "photos")
    (folder / "0.txt").write_text("first in the alphabet")
    assert teach("--steps", 2, pictures=folder).code == 0
    assert teach("--steps", 2, out=tmp_path / "plain").code == 0
    files = [tmp_path / d / "learned_embeds.safetensors" for d in ("out", "plain")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_small_pictures_are_warned_about(teach, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    gradient().resize((20, 40)).save(folder / "tiny.png")
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 0
    assert "tiny.png is 20×40, smaller than the 64 pixels" in result.err


def test_a_phones_heic_among_other_pictures_is_taken(teach, tmp_path):
    folder = shutil.copytree(PIP, tmp_path / "photos")
    (folder / "IMG_0042.HEIC").write_bytes(HEIC)
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 0, result.err
    assert "6 at 64×64" in result.out and "IMG_0042" not in result.err


def test_a_broken_heic_is_named_with_the_way_out(teach, tmp_path):
    folder = shutil.copytree(PIP, tmp_path / "photos")
    (folder / "IMG_0042.HEIC").write_bytes(HEIC[:28] + bytes(200))
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 2
    assert '"IMG_0042.HEIC"): a damaged or truncated HEIC' in result.err
    assert "save it as JPEG" in result.err


def test_what_is_to_be_known_of_a_picture_is_said(teach, engine, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    pages = [gradient(), gradient().rotate(90)]
    pages[0].save(folder / "scan.tif", save_all=True, append_images=pages[1:])
    result = teach("--steps", 1, pictures=folder)
    assert result.code == 0
    assert "warning: scan.tif: a TIFF of 2 pages; only the first is read" in result.err
    said = engine("--json", "teach", folder, "--class", "mascot", "--token", "<x>", "--steps", 1, "--out",
                  tmp_path / "json").event("warning")
    assert "scan.tif" in said["message"]
