"""seeds.py FOLDER: small files of every kind that the fuzz targets read, one folder a target, to start from."""

import io
import pathlib
import sys
import zipfile

import torch
from safetensors.torch import save

TENSORS = [torch.arange(6.0).view(2, 3), torch.ones(4, dtype=torch.half), torch.zeros(3, 2).T,
           torch.ones(1, 2, dtype=torch.bfloat16), torch.nn.Parameter(torch.ones(2, 2))]
WRITERS = [{}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4},
           {"pickle_protocol": 5, "_use_new_zipfile_serialization": False}]


def values():
    for tensor in TENSORS:
        yield {"<mia>": tensor}
    yield {"string_to_token": {"*": 265}, "string_to_param": {"*": TENSORS[0]}, "name": "mia",
           "step": 499, "sd_checkpoint": "7460a6fa", "sd_checkpoint_name": None}
    yield {"string_to_param": torch.nn.ParameterDict({"*": TENSORS[4]})}
    yield {"<a>": TENSORS[0], "<b>": TENSORS[1], 320: [1.5, (True, None)]}


def saved():
    for value in values():
        for writer in WRITERS:
            file = io.BytesIO()
            torch.save(value, file, **writer)
            yield file.getvalue()


def safetensors():
    for tensor in TENSORS:
        for name in ("<mia>", "emb_params", "clip_l"):
            yield save({name: tensor.detach().contiguous()}, {"format": "pt", "note": "x"})
    yield save({"a": TENSORS[0], "b": TENSORS[1]})


def pickles():
    for file in saved():
        if not zipfile.is_zipfile(io.BytesIO(file)):
            continue
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(".pkl"))


SEEDS = {
    "embedding_file": lambda: [*saved(), *safetensors()],
    "pickle": pickles,
    "safetensors": safetensors,
}

if __name__ == "__main__":
    for target, make in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(make()):
            (folder / str(number)).write_bytes(content)
