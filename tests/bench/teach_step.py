"""teach-step: seconds of one training step (batch 4, one vector, fp32, 64x64) against Diffusers.

Peer: the training step of Diffusers' textual_inversion.py on the same model and batch: the pictures
through the VAE in every step, a gradient for the whole token table, AdamW over all of it, the rows of
other tokens put back afterwards. Its pictures are loaded and resized beforehand, which favours it.
Second peer: the same objective in lean PyTorch, with cached latent distributions and the vector as the
only parameter.
"""

import tempfile

from harness import CAPTIONS, CONCEPTS, Row, alternate, captions, engine, report, result_of, seconds
from trainers import BATCH, CLASS_WORD, DiffusersScript, LeanPyTorch

STEPS = 40
PICTURES = CONCEPTS / "pip" / "images"


def ours():
    with tempfile.TemporaryDirectory() as folder:
        return result_of(engine("teach", PICTURES, "--class", CLASS_WORD, "--token", "<pip>",
                                "--templates", CAPTIONS, "--steps", STEPS, "--batch", BATCH,
                                "--checkpoint-every", 0, "--out", folder))["seconds_per_step"]


def peer_seconds(trainer):
    return lambda: seconds(lambda: [trainer.step() for _ in range(STEPS)]) / STEPS


if __name__ == "__main__":
    ours_s, script_s, lean_s = alternate(5, ours,
                                         peer_seconds(DiffusersScript(PICTURES, captions())),
                                         peer_seconds(LeanPyTorch(PICTURES, captions())))
    report("teach-step", [
        Row("training step, as in Diffusers' script", "s", ours_s, script_s, 1.5),
        Row("training step, lean PyTorch", "s", ours_s, lean_s, 1.0),
    ])
