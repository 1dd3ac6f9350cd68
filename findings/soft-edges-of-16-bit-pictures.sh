#!/usr/bin/env bash
# libvips 8.16.0 makes every soft edge of a 16-bit picture hard when it converts to 8 bits with a profile.
#
# A 16-bit RGBA picture with an sRGB profile and alphas of 0, 300, 32768 and 65535. 8.16.0's icc_transform to 8
# bits does not scale alpha, but cuts it off at 255: all but the first are opaque, without an error or a warning.
# (Debian 12's 8.14.1 did the same when it was tried, apart from this script.) 8.16.1 scales it (1, 128, 255), and
# so do 8.17.0 and 8.18.7, rounding half down (127). colourspace() scales in all of them, and gives 128.
#
# Imprint converts colours without alpha, and scales alpha by itself (imaging/decode.cc). Exits with 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# pyvips first, as its own build would replace what the wheels of the library bring.
"$folder/venv/bin/pip" install -q cffi==2.1.1 numpy==2.4.6 setuptools==80.9.0 wheel==0.45.1 pkgconfig==1.5.5
"$folder/venv/bin/pip" install -q --no-deps --no-build-isolation pyvips==3.2.0

cat > "$folder/convert.py" <<'PYTHON'
import numpy
import pyvips

pixels = numpy.full((1, 4, 4), 40000, numpy.uint16)
pixels[..., 3] = [0, 300, 32768, 65535]
picture = pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16")
picture.set_type(pyvips.GValue.blob_type, "icc-profile-data", pyvips.Image.profile_load("srgb"))
version = ".".join(str(pyvips.version(part)) for part in range(3))
for name, converted in (("icc_transform", picture.icc_transform("srgb", embedded=True, depth=8)),
                        ("colourspace", picture.colourspace("srgb"))):
    print(version, name, converted.numpy()[0, :, 3].tolist())
PYTHON

for version in 8.16.0 8.16.1 8.17.0 8.18.7; do
  "$folder/venv/bin/pip" install -q --force-reinstall --no-deps "pyvips-binary==$version"
  "$folder/venv/bin/python" "$folder/convert.py"
done | tee "$folder/seen"
diff - "$folder/seen" <<'EXPECTED'
8.16.0 icc_transform [0, 255, 255, 255]
8.16.0 colourspace [0, 1, 128, 255]
8.16.1 icc_transform [0, 1, 128, 255]
8.16.1 colourspace [0, 1, 128, 255]
8.17.0 icc_transform [0, 1, 127, 255]
8.17.0 colourspace [0, 1, 128, 255]
8.18.7 icc_transform [0, 1, 127, 255]
8.18.7 colourspace [0, 1, 128, 255]
EXPECTED
