"""The embedding's gradient and AdamW's steps, from the same latents, noise and timesteps."""

import pytest
import torch
from conftest import MODEL, relative_error

TOKEN = "<pip>"


def batches(steps, batch, seed=0):
    """latents, noise, timesteps, captions for steps x batch samples."""
    g = torch.Generator().manual_seed(seed)
    latents = torch.randn(steps, batch, 4, 16, 16, generator=g)
    noise = torch.randn(steps, batch, 4, 16, 16, generator=g)
    timesteps = torch.randint(0, 1000, (steps, batch), generator=g)
    forms = ["a photo of a {}", "{}", "a bright photo of the {}, in the snow", "the {} and the {}"]
    captions = [forms[i % len(forms)].format(*[TOKEN] * 2) for i in range(steps * batch)]
    return latents, noise, timesteps, captions


class Reference:
    """Diffusers' objective with the concept as an extra token of the table."""

    def __init__(self, pipe, rows):
        from diffusers import DDPMScheduler

        self.pipe = pipe
        self.schedule = DDPMScheduler.from_config(pipe.scheduler.config)
        self.table = torch.cat([pipe.text_encoder.get_input_embeddings().weight.data, rows])
        pipe.unet.requires_grad_(False)
        pipe.text_encoder.requires_grad_(False)

    def loss(self, rows, latents, noise, timesteps, captions):
        table = torch.cat([self.table[:49408], rows])
        lookup = self.pipe.text_encoder.get_input_embeddings()
        lookup.forward = lambda ids: torch.nn.functional.embedding(ids, table)
        try:
            hidden = self.pipe.text_encoder(self.ids(captions, len(rows)))[0]
        finally:
            del lookup.forward
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        target = noise
        if self.schedule.config.prediction_type == "v_prediction":
            target = self.schedule.get_velocity(latents, noise, timesteps)
        predicted = self.pipe.unet(noisy, timesteps, hidden).sample
        return torch.nn.functional.mse_loss(predicted.float(), target.float())

    def ids(self, captions, vectors):
        tokens = [TOKEN] + [f"{TOKEN}_{i}" for i in range(1, vectors)]
        if self.pipe.tokenizer.convert_tokens_to_ids(TOKEN) == 49407:
            assert self.pipe.tokenizer.add_tokens(tokens) == vectors
        captions = [c.replace(TOKEN, " ".join(tokens)) for c in captions]
        return self.pipe.tokenizer(captions, padding="max_length", max_length=77, truncation=True,
                                   return_tensors="pt").input_ids


def first_rows(pipe, vectors):
    word = pipe.tokenizer("mascot", add_special_tokens=False).input_ids[0]
    row = pipe.text_encoder.get_input_embeddings().weight[word].detach()
    return row.repeat(vectors, 1) + 0.01 * torch.randn(
        vectors, len(row), generator=torch.Generator().manual_seed(9))


def fresh_pipe(model=MODEL):
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float32, safety_checker=None)


def check_gradient(probe, vectors, model=MODEL):
    pipe = fresh_pipe(model)
    rows = first_rows(pipe, vectors)
    latents, noise, timesteps, captions = batches(steps=3, batch=4)
    ours = probe("gradient",
                 {"rows": rows, "latents": latents, "noise": noise, "timesteps": timesteps},
                 model=model, captions=captions, concepts={TOKEN: vectors})
    reference = Reference(pipe, rows)
    for i in range(3):
        with torch.enable_grad():
            variable = rows.clone().requires_grad_(True)
            loss = reference.loss(variable, latents[i], noise[i], timesteps[i],
                                  captions[4 * i:4 * i + 4])
            (gradient,) = torch.autograd.grad(loss, [variable])
        assert abs(ours["losses"][i].item() - loss.item()) < 1e-5 * loss.item()
        assert relative_error(ours["gradients"][i], gradient) < 1e-4


def test_gradient_of_one_vector(probe):
    check_gradient(probe, vectors=1)


def test_gradient_of_three_vectors(probe):
    check_gradient(probe, vectors=3)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_twenty_adamw_steps(probe, ranks):
    """Whoever shares the batch learns what Diffusers learns from all of it."""
    pipe = fresh_pipe()
    rows = first_rows(pipe, 1)
    latents, noise, timesteps, captions = batches(steps=20, batch=4, seed=4)
    ours = probe("adamw",
                 {"rows": rows, "latents": latents, "noise": noise, "timesteps": timesteps},
                 captions=captions, concepts={TOKEN: 1}, learning_rate=1e-2, ranks=ranks)
    reference = Reference(pipe, rows)
    with torch.enable_grad():
        variable = rows.clone().requires_grad_(True)
        optimizer = torch.optim.AdamW([variable], lr=1e-2, weight_decay=1e-2)
        for i in range(20):
            optimizer.zero_grad()
            reference.loss(variable, latents[i], noise[i], timesteps[i],
                           captions[4 * i:4 * i + 4]).backward()
            optimizer.step()
            for rank in range(ranks):
                error = relative_error(ours[f"rows{rank}"][i], variable.detach())
                assert error < 1e-3, f"rank {rank}, step {i + 1}"
    moved = (variable.detach() - rows).norm() / rows.norm()
    assert moved > 0.1, "a test in which nothing moves shows nothing"
