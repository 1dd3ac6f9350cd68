"""precision: pictures and embeddings of the demo model in bf16 and fp16, against the same in fp32.

CLIP-I against the picture that was held back: of pictures drawn in a precision, and of those drawn in fp32
with an embedding that was taught in it. Below the table, how far the pictures are from those in fp32
(PSNR over all of them, and of the farthest, in dB). Any processor computes these precisions somehow, so
that distances can be measured where speed cannot.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
from harness import CAPTIONS, CONCEPTS, Row, engine, report, result_of
from PIL import Image

PROMPTS = ("a photo of <pip>", "<pip> in the snow", "<pip> on the beach", "<pip> in a classroom")
SEEDS = "1-4"
STEPS = 200
PRECISIONS = ("fp32", "bf16", "fp16")


def teach(folder, precision):
    engine("teach", CONCEPTS / "pip" / "images", "--class", "mascot", "--token", "<pip>", "--templates",
           CAPTIONS, "--steps", STEPS, "--precision", precision, "--out", folder)
    return folder


def draw(folder, embedding, precision):
    prompts = [part for prompt in PROMPTS for part in ("--prompt", prompt)]
    engine("draw", "--embedding", embedding, *prompts, "--seeds", SEEDS, "--precision", precision,
           "--no-safety-check", "--no-sheet", "--out", folder)
    pictures = [np.asarray(Image.open(p), dtype=float) for p in sorted(Path(folder).glob("*.png"))]
    scored = result_of(engine("score", folder, "--against", CONCEPTS / "pip" / "validation"))
    return np.stack(pictures), scored["clip_i"]


def noise_ratio(errors):
    return round(10 * float(np.log10(255**2 / errors)), 1)


if __name__ == "__main__":
    rows, distances = [], {}
    with tempfile.TemporaryDirectory() as folder:
        taught = {p: teach(f"{folder}/taught-{p}", p) for p in PRECISIONS}
        full, full_score = draw(f"{folder}/fp32", taught["fp32"], "fp32")
        for name in PRECISIONS[1:]:
            drawn, score = draw(f"{folder}/{name}", taught["fp32"], name)
            _, taught_score = draw(f"{folder}/of-{name}", taught[name], "fp32")
            errors = ((drawn - full) ** 2).mean((1, 2, 3))
            distances[name] = {"PSNR, all": noise_ratio(errors.mean()),
                               "PSNR, the farthest": noise_ratio(errors.max())}
            rows += [Row(f"{name}: CLIP-I of what is drawn in it", "cosine", score, full_score, 0.98, False),
                     Row(f"{name}: CLIP-I of what is taught in it", "cosine", taught_score, full_score,
                         0.98, False)]
    report("precision", rows)
    print(json.dumps(distances, indent=1))
