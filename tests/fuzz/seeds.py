"""seeds.py FOLDER: small files of every kind that the fuzz targets read, one folder a target, to start from."""

import io
import pathlib
import sys
import zipfile

import torch
from safetensors.torch import save

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from phone_pictures import HEIC  # noqa: E402

MODEL = pathlib.Path(__file__).resolve().parents[2] / "models" / "demo"
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


def model_configs():
    for config in ("unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"):
        yield (MODEL / config).read_bytes()


def original_layouts():
    """Tensors of no size under names of the original code."""
    names = ["model.diffusion_model.input_blocks.0.0.weight", "input_blocks.3.0.op.weight",
             "input_blocks.1.0.in_layers.2.weight", "output_blocks.5.2.conv.weight",
             "middle_block.1.transformer_blocks.0.attn2.to_k.weight", "time_embed.0.weight",
             "encoder.down.0.block.0.conv1.weight", "decoder.up.1.upsample.conv.bias",
             "decoder.mid.attn_1.q.weight", "text_model.encoder.layers.0.layer_norm1.weight",
             "transformer.resblocks.0.attn.in_proj_weight", "transformer.resblocks.1.ln_1.weight",
             "token_embedding.weight", "lora_unet_x.lora_down.weight"]
    yield save({name: torch.zeros(3, 1) for name in names})
    for name in names:
        yield save({name: torch.zeros(3, 1, 1, 1)})


def saved_pictures(kind, modes, **options):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    for mode in modes:
        picture = Image.new(mode, (9, 7))
        file = io.BytesIO()
        picture.save(file, kind, exif=exif, **options)
        yield file.getvalue()


def tiffs():
    from PIL import Image

    for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"):
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            file = io.BytesIO()
            Image.new(mode, (9, 7)).save(file, "TIFF", compression=compression)
            yield file.getvalue()
    pages = [Image.new("L", (9, 7)) for _ in range(3)]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    yield file.getvalue()


def heifs():
    yield from saved_pictures("AVIF", ("RGB", "L", "RGBA"))
    yield HEIC


def pictures():
    yield from saved_pictures("PNG", ("RGB", "L", "P", "RGBA"))
    yield from saved_pictures("JPEG", ("RGB", "L", "CMYK"))
    yield from saved_pictures("WEBP", ("RGB", "RGBA"))
    yield from tiffs()
    yield from heifs()


def png_chunks():
    """As png_facts_fuzz.cc takes them: a byte for the type, two for the size, the body."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">BH", kind, len(body)) + body

    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    raw = b"\nexif\n%8d\n%s\n" % (len(tiff), tiff.hex().encode())
    name = b"Raw profile type exif\0"
    xmp = b"XML:com.adobe.xmp\0"
    yield chunk(0, bytes(13)) + chunk(5, tiff)
    yield chunk(4, b"\x0c\x0d\0\1") + chunk(1, b"") + chunk(6, name + raw)
    yield chunk(7, name + b"\0" + zlib.compress(raw))
    yield chunk(8, xmp + b"\1\0\0\0" + zlib.compress(b'tiff:Orientation="3"'))
    yield chunk(2, struct.pack(">II", 2, 0)) + chunk(3, bytes(26)) + chunk(1, b"x")


PROMPTS = ["a photo of <mia>, (in the snow:1.2) [at night]", "((a)) \\(b\\) [c:0.5] BREAK (rex)s",
           "<mia> <mia2> " + "word " * 90, "Ærøskøbing 東京 🦊 ä[x] it's 12.5 %!", "(a:1e9)(b:-3)(((("]

SEEDS = {
    "embedding_file": lambda: [*saved(), *safetensors()],
    "heif_facts": heifs,
    "model_config": model_configs,
    "original_layout": original_layouts,
    "pickle": pickles,
    "picture": pictures,
    "png_facts": png_chunks,
    "prompt": lambda: [prompt.encode() for prompt in PROMPTS],
    "safetensors": safetensors,
    "tiff_facts": tiffs,
    "tokenizer": lambda: [prompt.encode() for prompt in PROMPTS],
}

if __name__ == "__main__":
    for target, make in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(make()):
            (folder / str(number)).write_bytes(content)
