"""draw: seconds of one picture (DDIM 25 steps, guidance 5, 64x64, fp32) against Diffusers' pipeline.

Both without a safety checker. Ours includes writing the PNG and the manifest; the peer's loop ends with
the picture in memory, which favours it; ours encodes a prompt once for all pictures, the peer once a
call.
"""

import tempfile

from harness import Row, alternate, engine, load_pipeline, quiet_libraries, report, result_of, seconds

quiet_libraries()
import torch

PROMPT = "a red round mascot in the snow"
PICTURES = 8


def ours(batch):
    def measure():
        with tempfile.TemporaryDirectory() as folder:
            drawn = result_of(engine("draw", "--prompt", PROMPT, "--seeds", f"1-{PICTURES}",
                                     "--batch", batch, "--steps", 25, "--guidance", 5, "--no-sheet",
                                     "--no-safety-check", "--out", folder))
            return drawn["seconds"] / PICTURES
    return measure


def peer(pipe, batch):
    def work():
        for first in range(0, PICTURES, batch):
            pipe([PROMPT] * batch, num_inference_steps=25, guidance_scale=5.0, height=64, width=64,
                 generator=[torch.Generator().manual_seed(first + i) for i in range(batch)])
    return lambda: seconds(work) / PICTURES


if __name__ == "__main__":
    pipe = load_pipeline()
    one, four, peer_one, peer_four = alternate(5, ours(1), ours(4), peer(pipe, 1), peer(pipe, 4))
    report("draw", [
        Row("a picture, one at a time", "s", one, peer_one, 1.2),
        Row("a picture, four at a time", "s", four, peer_four, 1.2),
    ])
