"""What the tests of gangs share: trainings of several ranks, and what became of them."""

import subprocess

import safetensors.numpy

from cluster import api
from processes import wait_for

STEPS = 60
v1 = api()


def create(cluster, ranks, steps=STEPS, **changes):
    # Only fp32 is the same for other shares of a batch.
    changes.setdefault("precision", "fp32")
    spec = cluster.training(recipe=v1.TrainingRecipe(steps=steps, batch=2, accumulation=2), ranks=ranks,
                            checkpoint_every=5, **changes)
    return cluster.patiently(cluster.jobs.CreateTrainingJob,
                             v1.CreateTrainingJobRequest(spec=spec, max_attempts=100))


def succeed(cluster, job):
    """The vectors that it taught."""
    done = cluster.finish(job)
    assert done.state == v1.JOB_STATE_SUCCEEDED, (done, cluster.log_text())
    return safetensors.numpy.load(cluster.download_embedding(done.result))["<pip>"]


def attempts(cluster, job):
    """The changes of its attempts so far."""
    return [e for e in cluster.watch_some(job.name) if e.HasField("attempt_change")]


def reasons(cluster, job):
    return [e.attempt_change.reason for e in attempts(cluster, job) if e.attempt_change.reason]


def trainers_of(cluster, job):
    """Of the newest attempt, by rank."""
    started = [e.attempt_change for e in attempts(cluster, job)
               if e.attempt_change.state == v1.ATTEMPT_STATE_STARTED]
    return [next(t for t in cluster.trainers if t.name == name) for name in started[-1].nodes]


def ranks_of(trainer):
    """The processes that it trains with."""
    return [int(pid) for pid in subprocess.run(
        ["pgrep", "-P", str(trainer.process.pid)], capture_output=True, text=True).stdout.split()]


def reach_step(cluster, job, step):
    wait_for(f"step {step}", lambda: cluster.job(job.name).progress.step >= step)


def halfway(cluster, ranks=2):
    """A training in the middle of its work."""
    job = create(cluster, ranks)
    reach_step(cluster, job, 12)
    return job


def works_again(cluster, job, attempt):
    """Whether that attempt has done a step."""
    events = cluster.watch_some(job.name)
    return any(e.attempt == attempt and e.HasField("progress") for e in events)
