"""Writes a model that Diffusers saved as a single file in the original layout: what CompVis' and
Stability's code would have saved, stated here from their module trees and independently of ours."""

import re

import torch
from safetensors.torch import load_file, save_file

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
          "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
UNET_ENDS = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
             "time_embedding.linear_2": "time_embed.2", "conv_norm_out": "out.0",
             "conv_out": "out.2"}


def unet_modules(config):
    """(prefix in Diffusers, prefix in the original), for every block of the network."""
    layers, levels = config["layers_per_block"], len(config["block_out_channels"])
    yield from UNET_ENDS.items()
    index = 1
    for level, kind in enumerate(config["down_block_types"]):
        for layer in range(layers):
            yield f"down_blocks.{level}.resnets.{layer}", f"input_blocks.{index}.0"
            yield f"down_blocks.{level}.attentions.{layer}", f"input_blocks.{index}.1"
            index += 1
        if level < levels - 1:
            yield f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{index}.0.op"
            index += 1
    yield "mid_block.resnets.0", "middle_block.0"
    yield "mid_block.attentions.0", "middle_block.1"
    yield "mid_block.resnets.1", "middle_block.2"
    index = 0
    for level, kind in enumerate(config["up_block_types"]):
        for layer in range(layers + 1):
            yield f"up_blocks.{level}.resnets.{layer}", f"output_blocks.{index}.0"
            yield f"up_blocks.{level}.attentions.{layer}", f"output_blocks.{index}.1"
            if layer == layers and level < levels - 1:
                part = 2 if kind.startswith("CrossAttn") else 1
                yield f"up_blocks.{level}.upsamplers.0.conv", f"output_blocks.{index}.{part}.conv"
            index += 1


def original_unet(tensors, config):
    modules = sorted(unet_modules(config), key=lambda pair: -len(pair[0]))
    renamed = {}
    for name, tensor in tensors.items():
        ours, theirs = next(pair for pair in modules if name.startswith(pair[0] + "."))
        rest = name[len(ours) + 1:]
        if ".resnets." in ours:
            part, rest = rest.split(".", 1)
            rest = f"{RESNET[part]}.{rest}"
        renamed[f"model.diffusion_model.{theirs}.{rest}"] = tensor
    return renamed


def original_vae(tensors, levels, convolutions):
    attention = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
                 "query": "q", "key": "k", "value": "v", "proj_attn": "proj_out"}
    renamed = {}
    for name, tensor in tensors.items():
        new = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        new = re.sub(r"mid_block\.resnets\.(\d)",
                     lambda m: f"mid.block_{int(m[1]) + 1}", new)
        if "attentions.0" in new:
            tower, rest = new.split(".mid_block.attentions.0.")
            part, end = rest.rsplit(".", 1)
            if convolutions and end == "weight" and part != "group_norm":
                tensor = tensor[..., None, None]
            new = f"{tower}.mid.attn_1.{attention[part]}.{end}"
        new = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", new)
        new = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", new)
        new = re.sub(r"up_blocks\.(\d)\.resnets",
                     lambda m: f"up.{levels - 1 - int(m[1])}.block", new)
        new = re.sub(r"up_blocks\.(\d)\.upsamplers\.0",
                     lambda m: f"up.{levels - 1 - int(m[1])}.upsample", new)
        renamed[f"first_stage_model.{new}"] = tensor
    return renamed


def clip_text(tensors):
    """SD 1.x holds transformers' own module, with the table of positions that it rebuilds."""
    renamed = {f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}": tensor
               for name, tensor in tensors.items()}
    renamed["cond_stage_model.transformer.text_model.embeddings.position_ids"] = (
        torch.arange(77)[None])
    return renamed


def open_clip(tensors, layers, whole=True):
    """SD 2.x holds OpenCLIP's, with one more block than Diffusers uses and the projection after it; what went
    through Diffusers and back has lost both."""
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    parts = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
             "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj"}
    renamed = {"token_embedding.weight": tensors["embeddings.token_embedding.weight"],
               "positional_embedding": tensors["embeddings.position_embedding.weight"],
               "ln_final.weight": tensors["final_layer_norm.weight"],
               "ln_final.bias": tensors["final_layer_norm.bias"]}
    if whole:
        renamed |= {"text_projection": torch.randn(3, 3), "logit_scale": torch.tensor(4.6)}
    for layer in range(layers):
        block, at = f"transformer.resblocks.{layer}", f"encoder.layers.{layer}"
        for kind in ("weight", "bias"):
            renamed[f"{block}.attn.in_proj_{kind}"] = torch.cat(
                [tensors[f"{at}.self_attn.{part}_proj.{kind}"] for part in "qkv"])
            for ours, theirs in parts.items():
                renamed[f"{block}.{theirs}.{kind}"] = tensors[f"{at}.{ours}.{kind}"]
    for name in [name for name in renamed if whole and name.startswith("transformer.resblocks.0.")]:
        renamed[name.replace("resblocks.0.", f"resblocks.{layers}.")] = torch.randn(
            renamed[name].shape)
    return {f"cond_stage_model.model.{name}": tensor for name, tensor in renamed.items()}


def save_original(folder, target, unet_config, vae_levels, family, vae_convolutions=True, half=False,
                  text="own", change=lambda tensors: tensors, metadata=None):
    """`folder` as Diffusers saved it becomes the file `target`. `text` is "own", "round trip" or "transformers"."""
    unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    vae = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    text_tensors = load_file(folder / "text_encoder" / "model.safetensors")
    layers = len({name.split(".layers.")[1].split(".")[0] for name in text_tensors if ".layers." in name})
    tensors = original_unet(unet, unet_config)
    tensors |= original_vae(vae, vae_levels, vae_convolutions)
    tensors |= (clip_text(text_tensors) if family == "sd1" or text == "transformers"
                else open_clip(text_tensors, layers, whole=text == "own"))
    # What training leaves in such files.
    tensors["model_ema.decay"] = torch.tensor(0.9999)
    tensors["model_ema.diffusion_modelinput_blocks00weight"] = torch.zeros(1)
    tensors["betas"] = torch.zeros(1000)
    if half:
        tensors = {name: tensor.half() if tensor.is_floating_point() else tensor
                   for name, tensor in tensors.items()}
    tensors = change(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, target, metadata)
