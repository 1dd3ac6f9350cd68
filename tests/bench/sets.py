"""sets: a plan of 64 mixed pictures through the services, against Diffusers one by one and batched by hand.

Four places, four levels of other steps, guidance and negative prompts, four pictures each; the demo model at 64x64,
and with IMPRINT_BENCH_FULL_SIZE=1 random weights of Stable Diffusion 1.5's size at 256x256, a fifth of the steps.
Ours: from the job's creation to its end, plan, database and files included. Diffusers one by one: at its default
precision, as a script would loop over the plan's items. By hand: in batches of four of equal settings, which is what a
pipeline takes, in the precision that the services chose. Loading is in neither, nor is a safety checker.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

from harness import Row, alternate, automatic_precision, load_ddim_pipeline, load_pipeline, quiet_libraries, report
from services import Cluster, api

quiet_libraries()
import torch

FULL_SIZE = bool(os.environ.get("IMPRINT_BENCH_FULL_SIZE"))
SIZE = 256 if FULL_SIZE else 64
SHARE = 5 if FULL_SIZE else 1
LEVELS = {
    "sketch": {"steps": 10, "guidance": 4, "negative_prompt": "colours"},
    "simple": {"steps": 15, "guidance": 5},
    "plain": {"steps": 20, "guidance": 5},
    "detailed": {"steps": 30, "guidance": 7, "negative_prompt": "blur"},
}
PLAN = {
    "prompt": "a red mascot {place}, {level}",
    "base_model": "baseModels/bench",
    "width": SIZE,
    "solver": "ddim",
    "negative_prompt": "text",
    "count": 4,
    "axes": {
        "place": {"snow": "in the snow", "space": "in space", "beach": "at the beach", "night": "at night"},
        "level": {name: level | {"text": name, "steps": level["steps"] // SHARE} for name, level in LEVELS.items()},
    },
}
PICTURES = 64
BATCH = 4


def finish(cluster, job):
    done = cluster.finish(job, seconds=3600)
    if done.state != api().JOB_STATE_SUCCEEDED:
        sys.exit(f"{done}\n{cluster.log_text()}")
    return done


def create(cluster, plan):
    return cluster.jobs.CreateImageSetJob(
        api().CreateImageSetJobRequest(spec=api().ImageSetSpec(plan=json.dumps(plan))), timeout=30)


def ours(cluster):
    def measure():
        began = time.perf_counter()
        finish(cluster, create(cluster, PLAN))
        return time.perf_counter() - began
    return measure


def draw(pipe, prompts, settings, seeds):
    pipe(prompts, negative_prompt=[settings.get("negative_prompt", "text")] * len(prompts),
         num_inference_steps=settings["steps"], guidance_scale=float(settings["guidance"]), height=SIZE, width=SIZE,
         generator=[torch.Generator().manual_seed(seed) for seed in seeds])


def cells():
    for place in PLAN["axes"]["place"].values():
        for name, settings in PLAN["axes"]["level"].items():
            yield f"a red mascot {place}, {name}", settings


def one_by_one(pipe):
    def measure():
        began = time.perf_counter()
        for prompt, settings in cells():
            for seed in range(PLAN["count"]):
                draw(pipe, [prompt], settings, [seed])
        return time.perf_counter() - began
    return measure


def by_hand(pipe):
    def measure():
        began = time.perf_counter()
        for prompt, settings in cells():
            draw(pipe, [prompt] * BATCH, settings, range(BATCH))
        return time.perf_counter() - began
    return measure


def pipelines(model):
    """The peer at its default precision, and in the one that the services choose."""
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(automatic_precision(), torch.float32)
    if not FULL_SIZE:
        return load_pipeline(), load_pipeline(dtype=dtype)
    return tuple(load_ddim_pipeline(model, kind) for kind in (torch.float32, dtype))


if __name__ == "__main__":
    from full_size import FOLDER, ensure
    from processes import MODEL

    if FULL_SIZE:
        ensure()
    model = FOLDER if FULL_SIZE else MODEL
    with tempfile.TemporaryDirectory() as folder, \
            Cluster(pathlib.Path(folder), trainers=0, sampler_flags=["--no-safety-check"]) as cluster:
        cluster.add_model("bench", model)
        # Loads the model.
        finish(cluster, create(cluster, PLAN | {"count": 1, "axes": {"place": ["snow"], "level": ["simple"]}}))
        default, chosen = pipelines(model)
        drawn, single, batched = alternate(1 if FULL_SIZE else 3, ours(cluster), one_by_one(default), by_hand(chosen))
    report("sets-full-size" if FULL_SIZE else "sets", [
        Row("a picture, Diffusers one by one", "s", drawn / PICTURES, single / PICTURES, 2.5),
        Row("a picture, Diffusers batched by hand", "s", drawn / PICTURES, batched / PICTURES, 1.1),
    ])
