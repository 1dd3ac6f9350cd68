"""Emphasis, long prompts, concepts in negative prompts and clip skip, against transformers and Diffusers.

Emphasis and chunks are AUTOMATIC1111's web UI's: `chunked` and `encoded` say in a few lines of Python
what it publishes of them.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from conftest import MODEL, relative_error

ROOM = 75  # of a chunk, between start and end
WORDS = ("a red mascot with big eyes, a yellow star in the snow; two toys: one blue, one green, on "
         "a beach at night").split()


def prose(tokenizer, count):
    """A text of exactly `count` tokens."""
    text = ""
    for i in range(count):
        longer = f"{text} {WORDS[i % len(WORDS)]}".strip()
        if len(bare(tokenizer, longer)) > count:
            break
        text = longer
    return text + " snow" * (count - len(bare(tokenizer, text)))


def bare(tokenizer, text):
    return tokenizer(text, add_special_tokens=False, verbose=False).input_ids


def chunked(tokenizer, pieces):
    """Ids and weights [chunks, 77] of (text, weight) pieces. None is a BREAK; a list of ids instead of
    text stays in one chunk."""
    chunks = [[]]
    for piece in pieces:
        if piece is None:
            chunks.append([])
            continue
        text, weight = piece
        groups = [text] if isinstance(text, list) else [[i] for i in bare(tokenizer, text)]
        for group in groups:
            if len(chunks[-1]) + len(group) > ROOM:
                chunks.append([])
            chunks[-1] += [(i, weight) for i in group]
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    ids = [[start] + [i for i, _ in c] + [end] * (76 - len(c)) for c in chunks]
    weights = [[1.0] + [w for _, w in c] + [1.0] * (76 - len(c)) for c in chunks]
    return torch.tensor(ids), torch.tensor(weights)


def encoded(text_encoder, ids, weights, clip_skip=1):
    """Each chunk by itself: weights multiply its states, and its mean is restored."""
    states = []
    for chunk, weight in zip(ids, weights):
        hidden = text_encoder(chunk[None], output_hidden_states=True).hidden_states[-clip_skip]
        z = final_norm(text_encoder)(hidden)
        mean = z.mean()
        z = z * weight[None, :, None]
        states.append(z * (mean / z.mean()))
    return torch.cat(states, 1)[0]


def final_norm(text_encoder):
    return getattr(text_encoder, "text_model", text_encoder).final_layer_norm


def context_of(pipe, positive, negative, clip_skip=1):
    """[2, tokens, width]; the shorter of the two goes on with empty prompts."""
    def states(pieces, chunks):
        ids, weights = chunked(pipe.tokenizer, pieces)
        empty = chunked(pipe.tokenizer, [("", 1.0)])
        for _ in range(chunks - len(ids)):
            ids, weights = torch.cat([ids, empty[0]]), torch.cat([weights, empty[1]])
        return encoded(pipe.text_encoder, ids, weights, clip_skip)

    longest = max(len(chunked(pipe.tokenizer, p)[0]) for p in (positive, negative))
    return torch.stack([states(negative, longest), states(positive, longest)])


def fresh_pipe():
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def picture_of(pipeline, seed, steps=15, **options):
    return np.array(pipeline(
        generator=torch.Generator().manual_seed(seed), num_inference_steps=steps, guidance_scale=5.0,
        height=64, width=64, **options).images[0]).astype(int)


def drawn(engine, folder, prompt, seed, *options, steps=15):
    engine("draw", "--model", MODEL, "--prompt", prompt, "--seeds", seed, "--steps", steps,
           "--out", folder, "--no-safety-check", *options)
    manifest = json.loads((folder / "manifest.json").read_text())
    return np.array(Image.open(folder / manifest["pictures"][0]["file"])).astype(int)


EMPHASIS = [
    ("a (red:1.5) mascot", [("a ", 1), ("red", 1.5), (" mascot", 1)]),
    ("((big)) eyes [smile]", [("big", 1.1 * 1.1), (" eyes ", 1), ("smile", 1 / 1.1)]),
    ("a (toy in the (snow:1.3):0.7)", [("a ", 1), ("toy in the ", 0.7), ("snow", 1.3 * 0.7)]),
    (r"a \(round\) toy (very:-0.5)", [("a (round) toy ", 1), ("very", -0.5)]),
    ("a cat's (hat", [("a cat's ", 1), ("hat", 1.1)]),
    ("a star BREAK (in space:1.2)", [("a star", 1), None, ("in space", 1.2)]),
]


@pytest.mark.parametrize("prompt,pieces", EMPHASIS)
def test_emphasis_is_the_published_formula(pipe, probe, prompt, pieces):
    ids, weights = chunked(pipe.tokenizer, pieces)
    ours = probe("chunks", prompts=[prompt])
    assert torch.equal(ours["ids0"].long(), ids)
    assert torch.allclose(ours["weights0"], weights)

    ours = probe("context", prompt=prompt, negative_prompt="blurry")["context"]
    theirs = context_of(pipe, pieces, [("blurry", 1)])
    assert relative_error(ours, theirs) < 1e-5
    plain = context_of(pipe, [p and (p[0], 1) for p in pieces], [("blurry", 1)])
    assert relative_error(theirs, plain) > 1e-3, "the weights must make a difference"


@pytest.mark.parametrize("count", [75, 76, 150, 151, 200, 600])
def test_long_prompts_go_on_in_chunks(pipe, probe, count):
    prompt = prose(pipe.tokenizer, count)
    assert len(bare(pipe.tokenizer, prompt)) == count
    ids, _ = chunked(pipe.tokenizer, [(prompt, 1)])
    assert len(ids) == -(-count // ROOM)
    assert torch.equal(probe("chunks", prompts=[prompt])["ids0"].long(), ids)


@pytest.mark.parametrize("positive,negative", [(200, 3), (3, 200), (76, 151)])
def test_the_shorter_prompt_goes_on_with_empty_ones(pipe, probe, positive, negative):
    prompt, other = prose(pipe.tokenizer, positive), prose(pipe.tokenizer, negative)
    ours = probe("context", prompt=prompt, negative_prompt=other)["context"]
    theirs = context_of(pipe, [(prompt, 1)], [(other, 1)])
    assert ours.shape[1] == 77 * -(-max(positive, negative) // ROOM)
    assert relative_error(ours, theirs) < 1e-5


@pytest.mark.parametrize("before", [71, 72, 73, 74, 75, 147, 148])
def test_a_concept_at_the_seam_stays_whole(pipe, probe, before):
    text = " snow" * before
    first = len(pipe.tokenizer)
    pieces = [(text, 1), ([first, first + 1, first + 2], 1.3), (" at night", 1)]
    ids, weights = chunked(pipe.tokenizer, pieces)
    ours = probe("chunks", prompts=[f"{text} (<pip>:1.3) at night"], concepts={"<pip>": 3})
    assert torch.equal(ours["ids0"].long(), ids)
    assert torch.allclose(ours["weights0"], weights)


@pytest.mark.parametrize("clip_skip", [1, 2])
def test_clip_skip_takes_an_earlier_layer(pipe, probe, clip_skip):
    ours = probe("context", prompt="a (red:1.4) mascot", negative_prompt="", clip_skip=clip_skip)
    theirs = context_of(pipe, [("a ", 1), ("red", 1.4), (" mascot", 1)], [("", 1)], clip_skip)
    assert relative_error(ours["context"], theirs) < 1e-5


def test_clip_skip_2_is_diffusers_1(engine, tmp_path):
    pipe = fresh_pipe()
    if not hasattr(pipe.text_encoder, "text_model"):
        # Diffusers 0.42 looks there for the final norm, but transformers 5.6 dropped it (docs/prompts.md).
        with pytest.raises(AttributeError, match="text_model"):
            pipe.encode_prompt("a red mascot", "cpu", 1, False, clip_skip=1)
        object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)
    ours = drawn(engine, tmp_path / "ours", "a red mascot in the snow", 4, "--clip-skip", 2)
    # Diffusers skips for the prompt alone; the web UI and we skip for the negative prompt, too.
    negative, _ = pipe.encode_prompt("", "cpu", 1, False, clip_skip=1)
    theirs = picture_of(pipe, 4, prompt="a red mascot in the snow", clip_skip=1,
                        negative_prompt_embeds=negative)
    assert np.abs(ours - theirs).max() <= 1
    plain = picture_of(pipe, 4, prompt="a red mascot in the snow")
    assert np.abs(theirs - plain).max() > 20, "the layer must make a difference"


def test_a_long_prompt_with_emphasis_is_the_picture_of_its_states(pipe, engine, tmp_path):
    words = prose(pipe.tokenizer, 120)
    context = context_of(pipe, [("red mascot", 1.3), (words, 1)], [("blurry", 1)])
    theirs = picture_of(pipe, 5, prompt_embeds=context[1:], negative_prompt_embeds=context[:1])
    ours = drawn(engine, tmp_path / "ours", f"(red mascot:1.3) {words}", 5, "--negative", "blurry")
    assert np.abs(ours - theirs).max() <= 1


def test_literal_prompts_are_diffusers(pipe, engine, tmp_path):
    prompt = r"a (red:1.5) [mascot] \o/ BREAK"
    ours = drawn(engine, tmp_path / "ours", prompt, 6, "--prompt-style", "literal")
    assert np.abs(ours - picture_of(pipe, 6, prompt=prompt)).max() <= 1
    manifest = json.loads((tmp_path / "ours" / "manifest.json").read_text())
    assert manifest["pictures"][0]["prompt_style"] == "literal"
    assert manifest["pictures"][0]["clip_skip"] == 1


@pytest.mark.parametrize("vectors", [1, 3])
def test_concepts_in_both_prompts(engine, tmp_path, vectors):
    """Two concepts, one of them in the negative prompt, as load_textual_inversion reads them."""
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(1)
    files = {}
    for token in ("<pip>", "<ugly>"):
        files[token] = tmp_path / f"{token[1:-1]}.safetensors"
        save_file({token: 0.06 * torch.randn(vectors, 128, generator=generator)}, files[token],
                  metadata={"format": "pt"})
    pipeline = fresh_pipe()
    for file in files.values():
        pipeline.load_textual_inversion(file)
    prompt, negative = "a photo of <pip>, <pip> in the snow", "blurry, <ugly>"
    theirs = picture_of(pipeline, 7, prompt=prompt, negative_prompt=negative)
    options = [o for file in files.values() for o in ("--embedding", file)]
    ours = drawn(engine, tmp_path / "ours", prompt, 7, "--negative", negative, *options)
    assert np.abs(ours - theirs).max() <= 1
    without = picture_of(pipeline, 7, prompt=prompt, negative_prompt="blurry")
    assert np.abs(theirs - without).max() > 20, "the negative concept must make a difference"
