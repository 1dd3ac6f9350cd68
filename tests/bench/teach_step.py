"""teach-step: seconds of one training step (batch 4, one vector, fp32, 64x64) against Diffusers.

Peer: the training step of Diffusers' textual_inversion.py on the same model and batch: the pictures
through the VAE in every step, a gradient for the whole token table, AdamW over all of it, the rows of
other tokens put back afterwards. Its pictures are loaded and resized beforehand, which favours it.
Second peer: the same objective in lean PyTorch, with cached latent distributions and the vector as the
only parameter.
"""

import tempfile

from harness import CONCEPTS, Row, alternate, engine, load_pipeline, quiet_libraries, report, \
    result_of, seconds

quiet_libraries()
import numpy as np
import torch
from diffusers import DDPMScheduler
from PIL import Image

BATCH = 4
STEPS = 40
PICTURES = CONCEPTS / "pip" / "images"
CAPTIONS = ["a photo of a {}", "a picture of the {}", "a close-up photo of a {}", "a dark photo of {}"]


def pixels():
    arrays = [np.array(Image.open(p).convert("RGB").resize((64, 64), Image.BICUBIC))
              for p in sorted(PICTURES.glob("*.png"))]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Peer:
    def __init__(self):
        self.pipe = load_pipeline()
        self.pixels = pixels()
        self.schedule = DDPMScheduler.from_config(self.pipe.scheduler.config)
        for model in (self.pipe.vae, self.pipe.unet, self.pipe.text_encoder):
            model.requires_grad_(False)

    def noised(self, latents):
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (len(latents),))
        return (self.schedule.add_noise(latents, noise, timesteps), timesteps,
                self.schedule.get_velocity(latents, noise, timesteps))

    def ids(self, token):
        return self.pipe.tokenizer([c.format(token) for c in CAPTIONS], padding="max_length",
                                   max_length=77, return_tensors="pt").input_ids


class DiffusersScript(Peer):
    """The step of examples/textual_inversion/textual_inversion.py."""

    def __init__(self):
        super().__init__()
        self.pipe.tokenizer.add_tokens(["<pip>"])
        self.pipe.text_encoder.resize_token_embeddings(len(self.pipe.tokenizer))
        table = self.pipe.text_encoder.get_input_embeddings().weight
        table.requires_grad_(True)
        self.original = table.detach().clone()
        self.optimizer = torch.optim.AdamW([table], lr=1e-2)
        self.frozen = torch.ones(len(table), dtype=torch.bool)
        self.frozen[self.pipe.tokenizer.convert_tokens_to_ids("<pip>")] = False

    def step(self):
        chosen = self.pixels[torch.randint(0, len(self.pixels), (BATCH,))]
        latents = self.pipe.vae.encode(chosen).latent_dist.sample().detach()
        noisy, timesteps, target = self.noised(latents * self.pipe.vae.config.scaling_factor)
        hidden = self.pipe.text_encoder(self.ids("<pip>"))[0]
        predicted = self.pipe.unet(noisy, timesteps, hidden).sample
        torch.nn.functional.mse_loss(predicted.float(), target.float()).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            self.pipe.text_encoder.get_input_embeddings().weight[self.frozen] = \
                self.original[self.frozen]


class LeanPyTorch(Peer):
    """Cached latent distributions, one row as the only parameter."""

    def __init__(self):
        super().__init__()
        with torch.no_grad():
            cached = self.pipe.vae.encode(self.pixels).latent_dist
        self.mean, self.deviation = cached.mean, cached.std
        self.table = self.pipe.text_encoder.get_input_embeddings()
        word = self.pipe.tokenizer("mascot", add_special_tokens=False).input_ids[0]
        self.row = self.table.weight[word].clone().requires_grad_(True)
        self.optimizer = torch.optim.AdamW([self.row], lr=1e-2)
        self.word = word
        self.table.forward = self.lookup

    def lookup(self, ids):
        rows = torch.nn.functional.embedding(ids, self.table.weight)
        return torch.where((ids == self.word).unsqueeze(-1), self.row, rows)

    def step(self):
        chosen = torch.randint(0, len(self.mean), (BATCH,))
        sampled = self.mean[chosen] + self.deviation[chosen] * torch.randn_like(self.mean[chosen])
        noisy, timesteps, target = self.noised(sampled * self.pipe.vae.config.scaling_factor)
        hidden = self.pipe.text_encoder(self.ids("mascot"))[0]
        predicted = self.pipe.unet(noisy, timesteps, hidden).sample
        torch.nn.functional.mse_loss(predicted, target).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


def ours():
    with tempfile.TemporaryDirectory() as folder:
        return result_of(engine("teach", PICTURES, "--class", "mascot", "--token", "<pip>",
                                "--steps", STEPS, "--batch", BATCH, "--checkpoint-every", 0,
                                "--out", folder))["seconds_per_step"]


def peer_seconds(peer):
    return lambda: seconds(lambda: [peer.step() for _ in range(STEPS)]) / STEPS


if __name__ == "__main__":
    ours_s, script_s, lean_s = alternate(5, ours, peer_seconds(DiffusersScript()),
                                         peer_seconds(LeanPyTorch()))
    report("teach-step", [
        Row("training step, Diffusers' script", "s", ours_s, script_s, 1.5),
        Row("training step, lean PyTorch", "s", ours_s, lean_s, 1.0),
    ])
