"""Token ids identical to transformers' on tens of thousands of strings."""

import json
import random
import shutil
import unicodedata

import pytest
import torch


def unicode_blocks():
    """For every stretch of 128 code points: its assigned characters, in words and alone."""
    for start in range(0, 0x110000, 128):
        characters = [
            chr(c) for c in range(start, start + 128)
            if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"
            and unicodedata.category(chr(c)) != "Co"
        ]
        if characters:
            rng = random.Random(start)
            yield "".join(characters)[:120]
            yield " ".join(rng.sample(characters, min(20, len(characters))))


def words():
    rng = random.Random(1)
    vocabulary = ("the a photo of cat's dog's we're I'VE they'll he'd I'm don't won't "
                  "mascot Mascot MASCOT snow, (in) [the] {park}! ... --- ___ #hashtag @name "
                  "3.14 1,000 2nd 42 ½ x² naïve Straße ΟΔΟΣ İstanbul ﬁsh ǅ").split()
    for length in list(range(1, 40)) * 20:
        yield " ".join(rng.choice(vocabulary) for _ in range(length))


EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "1️⃣", "🧑🏿‍🦽", "☃", "🤖🎨🖼️"]

ODD = [
    "", " ", "\n\t", "a" * 5000, "ab" * 4000, "😀" * 400, "!" * 3000, "1" * 1000, "' 's 'S ''s",
    "!'s", "a\u00a0b", "a\u200bb", "a\u0000b", "e\u0301", "\u0301", "\ufeffbom", "a\u2028b",
    "<|endoftext|>", "a<|endoftext|>b", "<|startoftext|>", "<|STARTOFTEXT|>", "<|ENDOFTEXT|>",
    "<|endof text|>", "<|endoftext|", "|endoftext|>", "\u1e9e", "\u0130", "ß", "\uff21\uff22",
    "\u2126", "\u212b", "가", "각", "\u1112\u1161\u11ab", "\U0001d400", "\u0345",
    "a\u0315\u0300\u05ae\u0300\u0062", "x" * 74 + " y z", "word " * 74, "word " * 75, "word " * 76,
]


SCRIPTS = [(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x300, 0x36F), (0x386, 0x3FF), (0x400, 0x52F),
           (0x531, 0x587), (0x5D0, 0x5EA), (0x620, 0x6D3), (0x905, 0x963), (0xE01, 0xE4E),
           (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1E00, 0x1FFE), (0x3041, 0x30FF), (0x4E00, 0x9FFF),
           (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x30, 0x39), (0x21, 0x2F)]


def multilingual(count):
    """Short texts of words in one script or several, with accents composed and decomposed."""
    rng = random.Random(2)

    def word():
        first, last = rng.choice(SCRIPTS)
        text = "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 8)))
        text = "".join(c for c in text if unicodedata.category(c) != "Cn")
        return rng.choice([str, str.lower, str.upper, str.title,
                           lambda t: unicodedata.normalize("NFD", t)])(text)

    for _ in range(count):
        yield rng.choice(["", " ", " ", " ", ", ", "\u3000", "'s "]).join(
            word() for _ in range(rng.randint(1, 12)))


def strings():
    yield from multilingual(20_000)
    yield from unicode_blocks()
    yield from words()
    yield from EMOJI
    yield from ("".join(pair) for pair in zip(EMOJI, reversed(EMOJI)))
    yield from ODD


def test_ids_are_identical(pipe, probe):
    texts = list(dict.fromkeys(strings()))
    assert len(texts) >= 20_000
    theirs = pipe.tokenizer(texts, padding="max_length", max_length=77, truncation=True,
                            return_tensors="pt").input_ids
    ours = probe("tokenize", prompts=texts)["ids"].long()
    wrong = [t for t, a, b in zip(texts, ours, theirs) if not torch.equal(a, b)]
    assert not wrong, f"{len(wrong)} of {len(texts)} differ: {[ascii(w) for w in wrong[:10]]}"


def test_every_character(pipe, probe):
    """Each code point of the planes that scripts and emoji live in, inside a word and alone."""
    points = [c for c in range(0x20000) if not 0xD800 <= c < 0xE000]
    texts = [f"a{chr(c)}b 1{chr(c)}! {chr(c)}" for c in points]
    for first in range(0, len(texts), 16384):
        part = texts[first:first + 16384]
        theirs = pipe.tokenizer(part, padding="max_length", max_length=77, truncation=True,
                                return_tensors="pt").input_ids
        ours = probe("tokenize", prompts=part)["ids"].long()
        wrong = (ours != theirs).any(1).nonzero().flatten().tolist()
        assert not wrong, [hex(points[first + i]) for i in wrong[:20]]


@pytest.mark.parametrize("text", [
    "a <pip> in the snow", "<pip><mo>", "x<pip>y", "<PIP> and <Mo>", "<pip>'s hat", "<pip>,<mo>!",
    "<pi p>", "<pip", "<mo2> <mo>", "  <pip>  ", "<pip>é", "<|endoftext|><pip>",
])
def test_concept_tokens(probe, model_folder, text):
    """As tokens added to transformers' tokenizer, in the same order."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(model_folder / "tokenizer")
    # Sorted, as the probe's JSON object is.
    tokenizer.add_tokens(["<mo2>", "<mo>", "<pip>"])
    theirs = tokenizer(text, padding="max_length", max_length=77, return_tensors="pt").input_ids
    ours = probe("tokenize", prompts=[text], concepts={"<mo2>": 1, "<mo>": 1, "<pip>": 1})["ids"]
    assert ours[0].tolist() == theirs[0].tolist()


ADDED = ["<cat-toy>", "<rex>", "<rex>_1", "<rex>_2", "My Cat", "rexo", "<ROSÉ>"]
ADDED_PROMPTS = [
    "a <cat-toy> x", "a <CAT-TOY>,x", "x<cat-toy>y", "<rex> in the snow", "<REX> <rex>_1", "<rex>_2<rex>_1",
    "my  cats and MY CAT", "tRexos rex", "<ros\u00e9> <rose\u0301>", "<rex", "a <|endoftext|><rex>", "<mia> <rex>",
    "zog zogs azog zog's", "a  <b>  c", "<Cat-Toy>", "<rex>_11 <rex>_1_2",
]


def added_token(content, **flags):
    return dict({"content": content, "lstrip": False, "rstrip": False, "normalized": True, "single_word": False,
                 "special": False}, **flags)


def edited(folder, name, **change):
    path = folder / name
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, **change}))


def saved_by_transformers(folder, special=False):
    """tokenizer.json and tokenizer_config.json, as version 5 writes them."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder)
    if special:
        tokenizer.add_special_tokens({"extra_special_tokens": ["<Cat-Toy>", "<rex>", "<rex>_1"]})
    else:
        tokenizer.add_tokens(ADDED)
    shutil.rmtree(folder)
    tokenizer.save_pretrained(folder)


# Ways in which a tokenizer's folder holds tokens that were added to it.
ADDED_FOLDERS = {
    "tokenizer.json alone": saved_by_transformers,
    "special in tokenizer.json": lambda folder: saved_by_transformers(folder, special=True),
    "added_tokens.json alone": lambda folder: edited(
        folder, "added_tokens.json", **{token: 49408 + i for i, token in enumerate(ADDED)}),
    "added_tokens.json with holes": lambda folder: edited(
        folder, "added_tokens.json", **{"<rex>": 49500, "<cat-toy>": 49409, "<|endoftext|>": 49407}),
    "decoder alone": lambda folder: edited(
        folder, "tokenizer_config.json", added_tokens_decoder={
            "49409": added_token("<rex>"), "49411": added_token("zog", single_word=True),
            "49410": added_token("<b>", lstrip=True, rstrip=True), "49408": added_token("<Cat-Toy>", normalized=False),
            "49412": added_token("<rex>_1")}),
    "decoder and added_tokens.json": lambda folder: (
        edited(folder, "added_tokens.json", **{"<cat-toy>": 49408, "<rex>": 49409}),
        edited(folder, "tokenizer_config.json", added_tokens_decoder={"49408": added_token("<rex>")})),
    "a word of the vocabulary": lambda folder: edited(
        folder, "tokenizer_config.json", added_tokens_decoder={
            "49408": added_token("snow"), "49409": added_token("<rex>")}),
}


@pytest.mark.parametrize("form", ADDED_FOLDERS)
def test_added_tokens_are_found_as_transformers_finds_them(probe, model_folder, tmp_path, form):
    """And spread over their vectors as Diffusers' pipelines do it before."""
    from diffusers.loaders import TextualInversionLoaderMixin
    from transformers import CLIPTokenizer

    shutil.copytree(model_folder / "tokenizer", tmp_path / "m" / "tokenizer")
    ADDED_FOLDERS[form](tmp_path / "m" / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path / "m" / "tokenizer")
    assert len(tokenizer.added_tokens_encoder) > 2
    tokenizer.add_tokens(["<mia>"])
    prompts = TextualInversionLoaderMixin().maybe_convert_prompt(ADDED_PROMPTS, tokenizer)
    theirs = tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    ours = probe("tokenize", prompts=ADDED_PROMPTS, model=tmp_path / "m", concepts={"<mia>": 1})["ids"].long()
    for text, a, b in zip(ADDED_PROMPTS, ours, theirs):
        assert a.tolist() == b.tolist(), text
