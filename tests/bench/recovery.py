"""recovery: seconds from the kill of a rank to the next attempt's first step, of a training that two ranks on two
trainers share.

Of the demo model, and of a model of Stable Diffusion 1.5's size, which the killed rank's successor has to read again;
64x64 pictures, so that what is measured is the recovery and not a long step. The peer of each is 15 s. Rank 0 and
rank 1 are killed in turn.
"""

import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time

import full_size
from harness import MODEL, Row, automatic_precision, report
from services import Cluster, api
from gangs import ranks_of, trainers_of, works_again
from processes import wait_for

ROUNDS = 3
GOAL_SECONDS = 15.0
v1 = api()


def begin(cluster, model):
    spec = cluster.training(
        base_model=f"baseModels/{model}", ranks=2, size=64, precision="auto", checkpoint_every=5,
        recipe=v1.TrainingRecipe(steps=100_000, batch=2))
    return cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=spec, max_attempts=100))


def recoveries(cluster, model):
    """Of both ranks, killed in turn; the training goes on."""
    job = begin(cluster, model)
    seconds = []
    for attempt in range(1, 2 * ROUNDS + 1):
        wait_for("a step of this attempt", lambda: works_again(cluster, job, attempt), seconds=300)
        step = cluster.job(job.name).progress.step + 7
        wait_for(f"step {step}", lambda: cluster.job(job.name).progress.step >= step, seconds=300)
        victim = trainers_of(cluster, job)[attempt % 2]
        killed = time.monotonic()
        for pid in ranks_of(victim):
            os.kill(pid, signal.SIGKILL)
        wait_for("the next attempt's first step", lambda: works_again(cluster, job, attempt + 1), seconds=300)
        seconds.append(time.monotonic() - killed)
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name), timeout=10)
    cluster.finish(job)
    return seconds


if __name__ == "__main__":
    full_size.ensure()
    rows = []
    with tempfile.TemporaryDirectory() as folder, \
            Cluster(pathlib.Path(folder), trainers=2, samplers=0) as cluster:
        cluster.add_references()
        for model, where in (("demo", MODEL), ("full-size", full_size.FOLDER)):
            cluster.add_model(model, where)
            seconds = recoveries(cluster, model)
            print(f"{model}:", " ".join(f"{s:.1f}" for s in seconds), "s", file=sys.stderr)
            rows += [Row(f"a killed rank, {model} model in {automatic_precision()}: median", "s",
                         statistics.median(seconds), GOAL_SECONDS, 1.0),
                     Row(f"a killed rank, {model} model in {automatic_precision()}: longest", "s",
                         max(seconds), GOAL_SECONDS, 1.0)]
    report("recovery", rows)
