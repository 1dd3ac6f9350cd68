"""packing: four trainings of one base model together in one rank, against the same four one after the other.

Through the services, batch 1, from the first job's creation to the last one's end: pictures encoded, checkpoints and
embeddings stored; the models are loaded. The demo model at 64x64, and a model of Stable Diffusion 1.5's size with
random weights at 64x64 and 256x256. Memory is the most that the rank has taken.
"""

import pathlib
import sys
import tempfile
import time

import full_size
from harness import MODEL, Row, alternate, report
from services import Cluster, api, most_memory

TOGETHER = 4
ROUNDS = 3


class Trainer:
    """A cluster with a trainer that has so many slots, all of which may compute together."""

    def __init__(self, folder, slots):
        self.cluster = Cluster(folder, samplers=0,
                               trainer_flags=["--slots", str(slots), "--pack", str(slots)])

    def __enter__(self):
        folder = self.cluster.folder
        folder.mkdir()
        self.cluster.__enter__()
        self.cluster.add_references()
        return self

    def __exit__(self, *_):
        self.cluster.__exit__()

    def teach(self, model, size, steps, precision):
        """Seconds of four trainings, which wait for each other if there are not as many slots."""
        v1 = api()
        began = time.perf_counter()
        jobs = [self.cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=self.cluster.training(
            base_model=f"baseModels/{model}", concept_name=f"concepts/c{i}", token=f"<c{i}>", size=size,
            precision=precision, checkpoint_every=0,
            recipe=v1.TrainingRecipe(steps=steps, batch=1, seed=i))), timeout=30) for i in range(TOGETHER)]
        for job in jobs:
            done = self.cluster.finish(job, seconds=3600)
            if done.state != v1.JOB_STATE_SUCCEEDED:
                sys.exit(f"{done}\n{self.cluster.log_text()}")
        return time.perf_counter() - began

    def memory(self):
        return most_memory(self.cluster.trainer)


def rows(folder, name, model, cases):
    """Of a model: [(what it is called, size, steps, precision, goal)]."""
    with Trainer(folder / f"{name}-packed", TOGETHER) as packed, Trainer(folder / f"{name}-solo", 1) as solo:
        for trainer in (packed, solo):
            trainer.cluster.add_model(name, model)
        for called, size, steps, precision, goal in cases:
            ours, theirs = alternate(ROUNDS, lambda: packed.teach(name, size, steps, precision),
                                     lambda: solo.teach(name, size, steps, precision))
            samples = TOGETHER * steps
            yield Row(f"a sample, {called}", "s", ours / samples, theirs / samples, goal)
        # Of the last case, which takes most; a goal is a ratio of solo to packed.
        yield Row(f"memory of the rank, {called}", "GB", packed.memory() / 1e9, solo.memory() / 1e9, 1 / 1.6)


if __name__ == "__main__":
    full_size.ensure()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        report("packing", [
            *rows(folder, "demo", MODEL, [("demo model, 64x64, fp32", 64, 100, "fp32", 1.5)]),
            *rows(folder, "full", full_size.FOLDER, [
                ("SD 1.5's size, 64x64, fp32", 64, 6, "fp32", 1.5),
                ("SD 1.5's size, 64x64, as the trainer chooses", 64, 10, "auto", None),
                ("SD 1.5's size, 256x256, as the trainer chooses", 256, 4, "auto", 1.1)]),
        ])
