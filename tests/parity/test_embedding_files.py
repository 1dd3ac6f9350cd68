"""Embedding files of every tool, written the way that tool writes them, read by us; and ours, read the
way that every tool reads them."""

import base64
import collections
import hashlib
import io
import json
import os
import pickle
import shutil
import subprocess
import types
import zipfile
import zlib

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from conftest import BIN

VALUES = torch.randn(3, 128, generator=torch.Generator().manual_seed(1))


class Result(types.SimpleNamespace):
    """What embedding_probe made of a file."""


@pytest.fixture
def read(tmp_path):
    def run(path, token=None, layout="diffusers", code=0):
        out = tmp_path / "out.safetensors"
        done = subprocess.run([BIN / "embedding_probe", path, out, layout, *([token] if token else [])],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stderr
        if code != 0:
            return done.stderr
        token, checksum, file_hash = done.stdout.splitlines()
        with safe_open(out, "pt") as file:
            metadata = file.metadata()
        (tensor,) = load_file(out).values()
        return Result(said=done.stderr, token=token, checksum=checksum, file_hash=file_hash, tensor=tensor,
                      path=out, metadata=metadata)

    return run


def a1111(tensor, name="mia", **more):
    """modules/textual_inversion: Embedding.save."""
    return {"string_to_token": {"*": 265}, "string_to_param": {"*": tensor}, "name": name,
            "step": 499, "sd_checkpoint": "7460a6fa", "sd_checkpoint_name": "sd-v1-4", **more}


def rinongal(tensor):
    """EmbeddingManager.save: the token is a number in a view of a longer tensor."""
    tokens = torch.arange(77)
    return {"string_to_token": {"*": tokens[1]},
            "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(tensor)})}


WRITERS = {
    "zip": {},
    "legacy": {"_use_new_zipfile_serialization": False},
    "protocol 3": {"pickle_protocol": 3},
    "protocol 4": {"pickle_protocol": 4},
    "protocol 5": {"pickle_protocol": 5},
    "legacy, protocol 4": {"pickle_protocol": 4, "_use_new_zipfile_serialization": False},
}
TENSORS = {
    "float": VALUES,
    "half": VALUES.half(),
    "bfloat16": VALUES.bfloat16(),
    "double": VALUES.double(),
    "parameter": torch.nn.Parameter(VALUES),
    "half parameter": torch.nn.Parameter(VALUES.half()),
    "transposed": VALUES.T.contiguous().T,
    "rows of a table": torch.cat([torch.zeros(50, 128), VALUES, torch.ones(5, 128)])[50:53],
    "columns": torch.cat([VALUES, VALUES], dim=1)[:, 128:],
    "every second row": torch.repeat_interleave(VALUES, 2, dim=0)[::2],
    "expanded": VALUES[0].expand(3, 128),
    "one vector": VALUES[1],
    "one row": VALUES[1:2],
}
LAYOUTS = {
    "diffusers": lambda tensor: {"<mia>": tensor},
    "a1111": a1111,
    "rinongal": rinongal,
    "ordered": lambda tensor: collections.OrderedDict({"<mia>": tensor}),
    "bare": lambda tensor: tensor,
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", TENSORS)
def test_what_torch_saves_is_read(read, tmp_path, kind, layout, writer):
    path = tmp_path / "mia.pt"
    torch.save(LAYOUTS[layout](TENSORS[kind]), path,
               **WRITERS[writer])
    result = read(path)
    wanted = torch.atleast_2d(TENSORS[kind].float())
    assert torch.equal(result.tensor, wanted)
    assert result.token == ("<mia>" if layout in ("diffusers", "ordered") else "mia")


@pytest.mark.parametrize("kind", ["float", "half", "bfloat16", "one vector"])
@pytest.mark.parametrize("key,token", [("<mia>", "<mia>"), ("emb_params", "mia"), ("emp_params", "mia")])
def test_safetensors_of_every_tool_are_read(read, tmp_path, kind, key, token):
    save_file({key: TENSORS[kind].clone()}, tmp_path / "mia.safetensors", metadata={"ss_tag": "1"})
    result = read(tmp_path / "mia.safetensors")
    assert torch.equal(result.tensor, torch.atleast_2d(TENSORS[kind].float()))
    assert result.token == token and result.metadata["ss_tag"] == "1"


def test_what_a1111_knows_is_kept(read, tmp_path):
    torch.save(a1111(VALUES, name="mia-500"), tmp_path / "mia.v2.pt")
    result = read(tmp_path / "mia.v2.pt")
    assert result.token == "mia.v2"
    assert {k: v for k, v in result.metadata.items() if k.startswith("a1111.")} == {
        "a1111.name": "mia-500", "a1111.step": "499", "a1111.sd_checkpoint": "7460a6fa",
        "a1111.sd_checkpoint_name": "sd-v1-4"}
    torch.save(a1111(VALUES, step=None, sd_checkpoint=None, sd_checkpoint_name=None),
               tmp_path / "mia.pt")
    assert set(read(tmp_path / "mia.pt").metadata) == {"format", "a1111.name"}


def test_the_a1111_checksum_is_theirs(read, tmp_path):
    torch.save(a1111(VALUES), tmp_path / "mia.pt")
    result = read(tmp_path / "mia.pt")
    r = 0
    for v in VALUES.reshape(-1) * 100:
        r = (r * 281 ^ int(v) * 997) & 0xFFFFFFFF
    assert result.checksum == f"{r & 0xffff:04x}"
    assert result.file_hash == hashlib.sha256(result.path.read_bytes()).hexdigest()[:12]


def test_diffusers_loads_ours(read, tmp_path, pipe):
    torch.save(a1111(VALUES), tmp_path / "mia.pt")
    ours = read(tmp_path / "mia.pt", token="<mia-file>").path
    pipe.load_textual_inversion(str(ours))
    ids = pipe.tokenizer.convert_tokens_to_ids(["<mia-file>", "<mia-file>_1", "<mia-file>_2"])
    assert torch.equal(pipe.text_encoder.get_input_embeddings().weight[ids], VALUES)
    pipe.unload_textual_inversion(["<mia-file>", "<mia-file>_1", "<mia-file>_2"])


def a1111_load(path):
    """What modules/textual_inversion does with a .safetensors: the vectors and the trigger."""
    data = load_file(path)
    if "string_to_param" in data:
        (vectors,) = data["string_to_param"].values()
    elif "clip_g" in data and "clip_l" in data:
        vectors = None
    else:
        assert len(data) == 1, "embedding file has multiple terms in it"
        (vectors,) = data.values()
        if vectors.dim() == 1:
            vectors = vectors.unsqueeze(0)
    return path.stem, vectors.float()


def kohya_load(path):
    """What train_textual_inversion.py and gen_img.py do with a .safetensors."""
    data = load_file(path)
    if "string_to_param" in data:
        data = data["string_to_param"]
    return next(iter(data.values()))


def test_a1111_and_kohya_load_ours(read, tmp_path):
    torch.save(rinongal(VALUES), tmp_path / "mia.pt")
    for layout, key in (("diffusers", "mia"), ("kohya", "emb_params"), ("invokeai", "emb_params")):
        ours = read(tmp_path / "mia.pt", layout=layout).path
        trigger, vectors = a1111_load(ours)
        assert trigger == "out" and torch.equal(vectors, VALUES)
        assert torch.equal(kohya_load(ours), VALUES)
        assert list(load_file(ours)) == [key]


@pytest.mark.parametrize("width", [768, 1024])
@pytest.mark.parametrize("vectors", [1, 3])
def test_invokeai_loads_its_layout_and_no_other_of_several_sides(read, tmp_path, width, vectors):
    """Its own classes: of Diffusers' layout they take the first side for the width."""
    import invoke_ai

    values = torch.randn(vectors, width, generator=torch.Generator().manual_seed(1))
    save_file({"<rex>": values}, tmp_path / "rex.safetensors")
    diffusers = shutil.copy(read(tmp_path / "rex.safetensors").path, tmp_path / "d.safetensors")
    with pytest.raises(invoke_ai.NotAMatchError, match="token dimension"):
        invoke_ai.install(diffusers, width)
    ours = shutil.copy(read(tmp_path / "rex.safetensors", layout="invokeai").path, tmp_path / "rex2.safetensors")
    trigger, loaded = invoke_ai.install(ours, width)
    assert torch.equal(loaded, values) and trigger == "<rex2>"
    assert invoke_ai.triggers_in("a photo of <rex2> asleep") == [trigger]
    assert not invoke_ai.triggers_in("<ros\u00e9>"), "which is why a file cannot be called so"


def test_a_word_with_capitals_is_spread_over_its_vectors_by_diffusers(read, tmp_path, pipe):
    """Under the key that we write; under its own, transformers 5 finds the first vector alone."""
    save_file({"<Rex>": VALUES}, tmp_path / "rex.safetensors")
    ours = read(tmp_path / "rex.safetensors")
    assert ours.token == "<Rex>" and list(load_file(ours.path)) == ["<rex>"]
    for file, word, tokens in ((ours.path, "<rex>", 3), (tmp_path / "rex.safetensors", "<Rex>", 1)):
        pipe.load_textual_inversion(str(file))
        prompt = pipe.maybe_convert_prompt(f"a {word} b", pipe.tokenizer)
        assert len(pipe.tokenizer(prompt).input_ids) == 4 + tokens, prompt
        pipe.unload_textual_inversion()


def test_what_we_write_we_read_to_the_bit(read, tmp_path):
    save_file({"<mia>": VALUES}, tmp_path / "mia.safetensors")
    first = read(tmp_path / "mia.safetensors").path.read_bytes()
    (tmp_path / "again.safetensors").write_bytes(first)
    assert read(tmp_path / "again.safetensors").path.read_bytes() == first


def test_one_trainers_output_vectors_are_left_out(read, tmp_path):
    save_file({"emp_params": VALUES, "emp_params_out": VALUES + 1}, tmp_path / "mia.safetensors")
    result = read(tmp_path / "mia.safetensors")
    assert result.token == "mia" and torch.equal(result.tensor, VALUES)
    assert "emp_params_out is left out" in result.said
    save_file({"emp_params_out": VALUES}, tmp_path / "mia.safetensors")
    assert "output vectors alone" in read(tmp_path / "mia.safetensors", code=1)


def test_one_vector_of_a_whole_table_is_read(read, tmp_path):
    """Diffusers' script saved it so on CPUs: 25 MB with the demo model's width, 150 with SD 1.x's."""
    table = torch.randn(20_000, 64, generator=torch.Generator().manual_seed(1))
    for row in (0, 19_999):
        torch.save({"<big>": table[row]}, tmp_path / "learned_embeds.bin")
        assert (tmp_path / "learned_embeds.bin").stat().st_size > 5_000_000
        result = read(tmp_path / "learned_embeds.bin")
        assert torch.equal(result.tensor, table[row][None]) and result.path.stat().st_size < 1000


def web_ui_data(values, name):
    """The dict of AUTOMATIC1111's .pt as JSON."""
    return json.dumps(a1111(values, name=name) | {"string_to_param": {"*": {"TORCHTENSOR": values.tolist()}}})


def hidden_in_pixels(picture, data):
    """What modules/textual_inversion/image_embedding.py says in words: the zlib stream's halves of bytes, in the
    lower bits of blocks left and right of the picture, under dots and a sequence of remainders."""
    stream = np.frombuffer(zlib.compress(data.encode(), 9), np.uint8)
    height = picture.shape[0]
    size = len(stream) + height - len(stream) % height
    size += 3 * height - size % (3 * height)
    stream = np.resize(stream, size).reshape(height, -1, 3)
    state, covers = 0, []
    for _ in range(size):
        state = (1664525 * state + 1013904223) % 2**32
        covers.append(state % 255 & 15)
    covers = np.array(covers, np.uint8).reshape(stream.shape)
    dots = np.zeros_like(stream) + ((np.arange(height) // 4 % 2) * 0xB0).astype(np.uint8)[:, None, None]
    black = np.zeros((height, 1, 3), np.uint8)
    return np.concatenate([(stream & 15) ^ covers ^ dots, black, picture, black, (stream >> 4) ^ covers ^ dots], 1)


@pytest.mark.parametrize("way", ["text", "compressed text", "international text", "pixels", "pixels of a WebP"])
def test_embeddings_in_pictures_are_read(read, tmp_path, way):
    from PIL import Image, PngImagePlugin

    data = web_ui_data(VALUES, "turner")
    shown = np.full((512, 64, 3), 100, np.uint8)
    texts, kind = PngImagePlugin.PngInfo(), "png"
    if way.startswith("pixels"):
        picture = Image.fromarray(hidden_in_pixels(shown, data))
        kind = "webp" if "WebP" in way else "png"
    else:
        picture = Image.fromarray(shown)
        coded = base64.b64encode(data.encode()).decode()
        if way == "international text":
            texts.add_itxt("sd-ti-embedding", coded, zip=True)
        else:
            texts.add_text("sd-ti-embedding", coded, zip=way == "compressed text")
    picture.save(tmp_path / f"card.{kind}", **(dict(pnginfo=texts) if kind == "png" else dict(lossless=True, exact=True)))
    result = read(tmp_path / f"card.{kind}")
    assert result.token == "turner" and result.metadata["a1111.step"] == "499"
    assert torch.equal(result.tensor, VALUES)


def test_pictures_without_an_embedding_are_said_to_be_some(read, tmp_path):
    from PIL import Image

    for kind in ("png", "jpeg", "webp"):
        Image.new("RGB", (64, 64), (200, 120, 40)).save(tmp_path / f"x.{kind}")
        said = read(tmp_path / f"x.{kind}", code=1)
        assert "a picture without an embedding in its texts or its pixels" in said and ".pt" in said


def test_of_several_embeddings_the_token_chooses(read, tmp_path):
    torch.save({"<a>": VALUES[:1], "<b>": VALUES[1:]}, tmp_path / "two.bin")
    assert '"<a>", "<b>"' in read(tmp_path / "two.bin", code=1)
    result = read(tmp_path / "two.bin", token="<b>")
    assert result.token == "<b>" and torch.equal(result.tensor, VALUES[1:])


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("name", ["posix.system", "builtins.eval", "builtins.exec", "subprocess.Popen"])
@pytest.mark.parametrize("writer", WRITERS)
def test_no_code_is_run(read, tmp_path, name, writer):
    mark = tmp_path / "mark"
    evil = {"posix.system": Evil(os.system, f"touch {mark}"),
            "builtins.eval": Evil(eval, f"open({str(mark)!r}, 'w')"),
            "builtins.exec": Evil(exec, f"open({str(mark)!r}, 'w')"),
            "subprocess.Popen": Evil(subprocess.Popen, ["touch", str(mark)])}[name]
    torch.save({"<mia>": VALUES, "more": evil}, tmp_path / "mia.pt", **WRITERS[writer])
    said = read(tmp_path / "mia.pt", code=1)
    assert "mia.pt: " in said and "of its pickle: global: got" in said, said
    assert name.split(".")[1] in said and "nothing in the file was executed" in said
    assert not mark.exists()


@pytest.mark.parametrize("content,parts", [
    ({"clip_l": torch.zeros(1, 768), "clip_g": torch.zeros(1, 1280)}, ("SDXL embedding", "clip_")),
    ({"lora_unet_a.lora_down.weight": torch.zeros(4, 4)}, ("a LoRA", "lora_unet_a")),
    ({"hash": "7460a6fa", "optimizer_state_dict": {"state": {0: {"step": 1}}}}, ("optimizer",)),
    ({"step": 3, 320: [{"a": torch.zeros(1)}], 768: []}, ("hypernetwork",)),
    ({"<mia>": torch.zeros(1, 128, dtype=torch.long)}, ("dtype: got I64",)),
    ({"<mia>": torch.full((1, 128), float("nan"))}, ("nan", "finite")),
    ({"<mia>": torch.zeros(76, 128)}, ("shape", "[76, 128]", "1 to 75")),
    (torch.zeros(1, 2, 128), ("\"tensor\": shape", "[1, 2, 128]")),
    ([1, 2], ("a list of 2", "dict")),
    (torch.nn.Linear(2, 2), ("torch.nn.modules.linear.Linear",)),
    ({"<mia>": torch.zeros(1, 128).to_sparse()}, ("_rebuild_sparse_tensor",)),
])
@pytest.mark.parametrize("writer", ["zip", "legacy"])
def test_other_files_are_refused_by_name(read, tmp_path, content, parts, writer):
    torch.save(content, tmp_path / "x.pt", **WRITERS[writer])
    said = read(tmp_path / "x.pt", code=1)
    for part in ("x.pt: ", *parts, "expected"):
        assert part in said, said


def test_plain_pickles_and_text_are_refused(read, tmp_path):
    (tmp_path / "x.bin").write_bytes(pickle.dumps({"<mia>": [1.0]}))
    assert "torch.save's magic number" in read(tmp_path / "x.bin", code=1)
    (tmp_path / "x.bin").write_text("Dear diary, today I trained an embedding.")
    assert "header length" in read(tmp_path / "x.bin", code=1)
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as file:
        file.writestr("holiday.png", b"x")
    assert "no data.pkl" in read(tmp_path / "x.pt", code=1)


def test_a_zip_that_was_packed_again_is_read(read, tmp_path):
    saved = io.BytesIO()
    torch.save({"<mia>": VALUES}, saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "mia.pt", "w",
                                                        zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert torch.equal(read(tmp_path / "mia.pt").tensor, VALUES)
