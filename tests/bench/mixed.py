"""mixed: twelve small sets of other concepts, solvers and steps at once through the services, against Diffusers.

Four concepts, three solvers, 10 to 30 steps, six pictures each, 64x64, nobody else on the machine: from the first
job's creation to the last one's end, files and database included. Diffusers draws the same pictures one by one, at
its default precision and with each solver's scheduler; loading is in neither. Then one interactive picture, alone and
while a bulk set is drawn. No safety checker in any of it.
"""

import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
from safetensors.numpy import save

from harness import NAMES, Row, alternate, load_pipeline, quiet_libraries, report
from services import Cluster, api

quiet_libraries()
import torch

CONCEPTS = NAMES[:4]
SOLVERS = {"ddim": "DDIMScheduler", "dpmpp_2m": "DPMSolverMultistepScheduler", "unipc": "UniPCMultistepScheduler"}
STEPS = (10, 20, 30)
SEEDS = range(6)
ROUNDS = 3
SETS = [(concept, solver, STEPS[(i + k) % 3])
        for i, concept in enumerate(CONCEPTS) for k, solver in enumerate(SOLVERS)]


def vector(concept):
    """What a concept was taught does not matter to speed: any vector does."""
    return np.random.default_rng(NAMES.index(concept)).normal(0, 0.1, (1, 128)).astype(np.float32)


def import_concepts(cluster):
    for concept in CONCEPTS:
        cluster.registry_api.ImportEmbedding(api().ImportEmbeddingRequest(
            parent=f"concepts/{concept}", content=save({f"<{concept}>": vector(concept)}),
            file_name="learned_embeds.safetensors", class_word="mascot", rights=api().Rights(
                creator="Imprint", licence="Apache-2.0", people=api().PEOPLE_SHOWN_NONE)), timeout=30)


def create(cluster, concept, solver, steps, precision, seeds=SEEDS, priority=None):
    return cluster.draw(priority or api().JOB_PRIORITY_NORMAL, embeddings=[f"concepts/{concept}"],
                        prompts=[f"<{concept}> in the snow"], seeds=seeds, steps=steps, solver=solver, guidance=5.0,
                        precision=precision)


def finish(cluster, job):
    done = cluster.finish(job, seconds=3600)
    if done.state != api().JOB_STATE_SUCCEEDED:
        sys.exit(f"{done}\n{cluster.log_text()}")


def draw_sets(cluster, precision):
    def measure():
        began = time.perf_counter()
        for job in [create(cluster, *each, precision) for each in SETS]:
            finish(cluster, job)
        return time.perf_counter() - began
    return measure


def peer_sets(pipe):
    import diffusers

    for concept in CONCEPTS:
        pipe.tokenizer.add_tokens(f"<{concept}>")
    pipe.text_encoder.resize_token_embeddings(len(pipe.tokenizer))
    with torch.no_grad():
        table = pipe.text_encoder.get_input_embeddings().weight
        for concept in CONCEPTS:
            table[pipe.tokenizer.convert_tokens_to_ids(f"<{concept}>")] = torch.from_numpy(vector(concept)[0])
    schedulers = {name: getattr(diffusers, kind).from_config(pipe.scheduler.config) for name, kind in SOLVERS.items()}

    def measure():
        began = time.perf_counter()
        for concept, solver, steps in SETS:
            pipe.scheduler = schedulers[solver]
            for seed in SEEDS:
                pipe(f"<{concept}> in the snow", num_inference_steps=steps, guidance_scale=5.0, height=64, width=64,
                     generator=torch.Generator().manual_seed(seed))
        return time.perf_counter() - began
    return measure


def first_picture(cluster):
    """Seconds from the creation of an interactive set of one picture to its end."""
    began = time.perf_counter()
    finish(cluster, create(cluster, "pip", "ddim", 30, "auto", seeds=[99], priority=api().JOB_PRIORITY_INTERACTIVE))
    return time.perf_counter() - began


def under_load(cluster):
    v1 = api()
    bulk = create(cluster, "momo", "ddim", 50, "auto", seeds=range(2000), priority=v1.JOB_PRIORITY_BULK)
    while cluster.job(bulk.name).items_done == 0:
        time.sleep(0.05)
    took = [first_picture(cluster) for _ in range(7)]
    if cluster.job(bulk.name).items_done == 2000:
        sys.exit("the bulk set was over too soon")
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=bulk.name), timeout=10)
    return statistics.median(took)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, \
            Cluster(pathlib.Path(folder), trainers=0, sampler_flags=["--no-safety-check"]) as cluster:
        cluster.add_model()
        import_concepts(cluster)
        first_picture(cluster)  # loads the model
        ours_auto, ours_fp32, peer = alternate(ROUNDS, draw_sets(cluster, "auto"), draw_sets(cluster, "fp32"),
                                               peer_sets(load_pipeline()))
        before = {name: cluster.sampler.metric(name) for name in
                  ("imprint_sample_places_total", "imprint_sample_places_taken_total")}
        draw_sets(cluster, "auto")()
        places, taken = (cluster.sampler.metric(name) - was for name, was in before.items())
        alone = statistics.median(first_picture(cluster) for _ in range(7))
        loaded = under_load(cluster)
    pictures = len(SETS) * len(SEEDS)
    report("mixed", [
        Row("a picture, as the services choose", "s", ours_auto / pictures, peer / pictures, 2.5),
        Row("a picture, fp32", "s", ours_fp32 / pictures, peer / pictures, None),
        Row("places taken, of those that batches had", "", taken, places, 0.85, less_is_better=False),
        Row("an interactive picture under bulk load, against alone", "s", loaded, alone, 1 / 1.5),
    ])
