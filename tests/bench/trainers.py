"""The trainers that ours is measured against, on the demo model and with its class word "mascot"."""

from harness import load_pipeline, quiet_libraries

quiet_libraries()
import numpy as np
import torch
from diffusers import DDPMScheduler
from PIL import Image

BATCH = 4
CLASS_WORD = "mascot"


def pixels(folder, size):
    """The folder's pictures, [n, 3, size, size] in -1 to 1."""
    arrays = [np.array(Image.open(p).convert("RGB").resize((size, size), Image.BICUBIC))
              for p in sorted(folder.glob("*.png"))]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Trainer:
    """`captions` have {} for the concept's token."""

    def __init__(self, folder, captions, pipe=None, size=64, batch=BATCH):
        self.pipe = pipe or load_pipeline()
        self.batch = batch
        self.device = self.pipe.device
        self.pixels = pixels(folder, size).to(self.device, self.pipe.vae.dtype)
        self.captions = captions
        self.schedule = DDPMScheduler.from_config(self.pipe.scheduler.config)
        for model in (self.pipe.vae, self.pipe.unet, self.pipe.text_encoder):
            model.requires_grad_(False)

    def noised(self, latents):
        latents = latents.float()
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (len(latents),), device=self.device)
        target = (self.schedule.get_velocity(latents, noise, timesteps)
                  if self.schedule.config.prediction_type == "v_prediction" else noise)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        return noisy.to(self.pipe.unet.dtype), timesteps, target

    def ids(self, token):
        drawn = torch.randint(0, len(self.captions), (self.batch,)).tolist()
        return self.pipe.tokenizer([self.captions[i].format(token) for i in drawn],
                                   padding="max_length", max_length=77,
                                   return_tensors="pt").input_ids.to(self.device)


class DiffusersScript(Trainer):
    """The step of examples/textual_inversion/textual_inversion.py."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.pipe.tokenizer.add_tokens(["<new>"])
        self.pipe.text_encoder.resize_token_embeddings(len(self.pipe.tokenizer))
        table = self.pipe.text_encoder.get_input_embeddings().weight
        table.requires_grad_(True)
        self.original = table.detach().clone()
        self.optimizer = torch.optim.AdamW([table], lr=1e-2)
        self.frozen = torch.ones(len(table), dtype=torch.bool, device=self.device)
        self.frozen[self.pipe.tokenizer.convert_tokens_to_ids("<new>")] = False

    def step(self):
        chosen = self.pixels[torch.randint(0, len(self.pixels), (self.batch,))]
        latents = self.pipe.vae.encode(chosen).latent_dist.sample().detach()
        noisy, timesteps, target = self.noised(latents * self.pipe.vae.config.scaling_factor)
        hidden = self.pipe.text_encoder(self.ids("<new>"))[0].to(self.pipe.unet.dtype)
        predicted = self.pipe.unet(noisy, timesteps, hidden).sample
        torch.nn.functional.mse_loss(predicted.float(), target.float()).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            self.pipe.text_encoder.get_input_embeddings().weight[self.frozen] = \
                self.original[self.frozen]


class LeanPyTorch(Trainer):
    """Cached latent distributions, of the mirrored pictures too; one row as the only parameter. The
    concept stands where captions and prompts say the class word."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        with torch.no_grad():
            cached = self.pipe.vae.encode(
                torch.cat([self.pixels, self.pixels.flip(-1)])).latent_dist
        self.mean, self.deviation = cached.mean, cached.std
        self.table = self.pipe.text_encoder.get_input_embeddings()
        self.word = self.pipe.tokenizer(CLASS_WORD, add_special_tokens=False).input_ids[0]
        self.row = self.table.weight[self.word].float().clone().requires_grad_(True)
        self.optimizer = torch.optim.AdamW([self.row], lr=1e-2)
        self.table.forward = self.lookup

    def lookup(self, ids):
        rows = torch.nn.functional.embedding(ids, self.table.weight)
        return torch.where((ids == self.word).unsqueeze(-1), self.row.to(rows.dtype), rows)

    def step(self):
        chosen = torch.randint(0, len(self.mean), (self.batch,))
        sampled = self.mean[chosen] + self.deviation[chosen] * torch.randn_like(self.mean[chosen])
        noisy, timesteps, target = self.noised(sampled * self.pipe.vae.config.scaling_factor)
        hidden = self.pipe.text_encoder(self.ids(CLASS_WORD))[0]
        predicted = self.pipe.unet(noisy, timesteps, hidden).sample
        torch.nn.functional.mse_loss(predicted.float(), target).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
