"""seeds.py FOLDER: small files of every kind that the fuzz targets read, one folder a target, to start from."""

import base64
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

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
    yield {"emp_params": TENSORS[0], "emp_params_out": TENSORS[0]}
    yield {"<mia>": TENSORS[0][1]}  # saved with the whole of what it is a view of
    yield {"<mia>": torch.ones(2, 2).to(torch.float8_e4m3fn)}


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
    yield save({"emp_params": TENSORS[0], "emp_params_out": -TENSORS[0]})
    yield save({"<mia>": TENSORS[0]}, {"imprint.token": "<Mia>", "imprint.class_word": "cat"})
    for kind in (torch.float8_e4m3fn, torch.float8_e5m2):
        yield save({"<mia>": TENSORS[1].to(kind)})


def embedding_pictures():
    """What AUTOMATIC1111's web UI writes into a PNG, in each of the chunks that hold texts."""
    embedding = json.dumps({"string_to_param": {"*": {"TORCHTENSOR": [[0.5, -1], [2, 1e-3]]}}, "name": "mia",
                            "step": 499}).encode()
    text = base64.b64encode(embedding)
    keyword = b"sd-ti-embedding\0"
    for kind, body in ((b"tEXt", text), (b"zTXt", b"\0" + zlib.compress(text)), (b"iTXt", b"\0\0\0\0" + text),
                       (b"iTXt", b"\1\0en\0\0" + zlib.compress(text))):
        chunks = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), (kind, keyword + body), (b"IEND", b""))
        yield b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
            for name, content in chunks)


def pickles():
    for file in saved():
        if not zipfile.is_zipfile(io.BytesIO(file)):
            continue
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(".pkl"))


def model_configs():
    for config in ("unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"):
        yield (MODEL / config).read_bytes()
    for solver in ("DDIM", "DDPM", "PNDM", "EulerDiscrete", "EulerAncestralDiscrete", "DPMSolverMultistep",
                   "UniPCMultistep", "HeunDiscrete"):
        scheduler = {
            "_class_name": solver + "Scheduler", "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "prediction_type": "epsilon",
            "steps_offset": 1, "timestep_spacing": "leading", "use_karras_sigmas": True, "timestep_type": "discrete",
            "variance_type": "fixed_small", "disable_corrector": [0, 2], "sigma_min": None, "sigma_max": 14.5,
            "final_sigmas_type": "zero", "solver_order": 2, "algorithm_type": "dpmsolver++",
            "trained_betas": [0.1, 0.2],
            "lambda_min_clipped": float("-inf"), "use_beta_sigmas": False, "rescale_betas_zero_snr": False}
        yield json.dumps(scheduler).encode()


def added_tokens():
    """The first byte chooses the file: tokenizer_config.json, added_tokens.json or tokenizer.json."""
    tokens = [{"content": content, "normalized": normalized, "single_word": single, "lstrip": single, "rstrip": False,
               "special": not normalized} for content, normalized, single in (
                   ("<rex>", True, False), ("<rex>_1", True, False), ("<REX>", False, True), ("dog", False, True))]
    yield b"\0" + json.dumps({"added_tokens_decoder": {str(49408 + i): t for i, t in enumerate(tokens)},
                              "extra_special_tokens": ["<a>"]}).encode()
    yield b"\1" + json.dumps({token["content"]: 49408 + i for i, token in enumerate(tokens)}).encode()
    yield b"\2" + json.dumps({"added_tokens": [{"id": 49408 + i, **t} for i, t in enumerate(tokens)]}).encode()


def original_layouts():
    """Tensors of no size under names of the original code."""
    names = ["model.diffusion_model.input_blocks.0.0.weight", "input_blocks.3.0.op.weight",
             "input_blocks.1.0.in_layers.2.weight", "output_blocks.5.2.conv.weight",
             "middle_block.1.transformer_blocks.0.attn2.to_k.weight", "time_embed.0.weight",
             "encoder.down.0.block.0.conv1.weight", "decoder.up.1.upsample.conv.bias",
             "decoder.mid.attn_1.q.weight", "text_model.encoder.layers.0.layer_norm1.weight",
             "transformer.resblocks.0.attn.in_proj_weight", "transformer.resblocks.1.ln_1.weight",
             "token_embedding.weight", "lora_unet_x.lora_down.weight",
             "cond_stage_model.model.transformer.resblocks.23.mlp.c_fc.weight",
             "cond_stage_model.transformer.text_model.encoder.layers.22.mlp.fc1.weight",
             "cond_stage_model.transformer.encoder.layers.0.self_attn.q_proj.weight",
             "first_stage_model.encoder.mid.attn_1.to_to_q.weight", "v_pred", "scaled_fp8",
             "embedding_manager.string_to_param_dict.*", "model_ema.decay"]
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


def jpegs():
    for options in ({}, {"progressive": True}, {"progressive": True, "subsampling": "4:2:2"}):
        yield from saved_pictures("JPEG", ("RGB", "L", "CMYK"), **options)


def pictures():
    yield from saved_pictures("PNG", ("RGB", "L", "P", "RGBA"))
    yield from jpegs()
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
    "added_tokens": added_tokens,
    "embedding_file": lambda: [*saved(), *safetensors(), *embedding_pictures()],
    "heif_facts": heifs,
    "jpeg_facts": jpegs,
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
