"""Pictures as they come: every kind that Pillow writes must be taken, and mean what Pillow says."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

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
