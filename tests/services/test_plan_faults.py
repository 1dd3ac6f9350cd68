"""A plan is drawn while its servers are killed: the set is the undisturbed one, bit for bit, and nothing is left over."""

import json
import os
import random
import subprocess

import pytest

from cluster import api
from processes import BIN, wait_for
from test_plans import PLAN

ROUNDS = int(os.environ.get("IMPRINT_KILL_ROUNDS", "3"))
# What is blocked is drawn again, in rounds that a kill may come between.
DRAWN = PLAN | {"count": 4, "steps": 6, "retries": 2}
GROWN = DRAWN | {"count": 8}


def create(cluster, plan, request_id, **fields):
    spec = api().ImageSetSpec(plan=json.dumps(plan), precision="fp32", batch_places=4, **fields)
    return cluster.patiently(cluster.jobs.CreateImageSetJob, api().CreateImageSetJobRequest(
        spec=spec, request_id=request_id, max_attempts=100))


def pictures(cluster, job):
    items = cluster.items(job.result)
    assert len(items) == job.items_total == job.items_done
    return {i.request.key: (i.sha256, i.request.seed, [t.seed for t in i.blocked_tries]) for i in items}


@pytest.fixture(scope="module")
def undisturbed(module_cluster):
    """The cluster, a first set, and what the grown plan comes to when nothing happens."""
    module_cluster.add_model()
    first = module_cluster.finish(create(module_cluster, DRAWN, "first"))
    grown = module_cluster.finish(create(module_cluster, GROWN, "grown"))
    assert first.state == grown.state == api().JOB_STATE_SUCCEEDED, module_cluster.log_text()
    return module_cluster, first, pictures(module_cluster, grown)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_plan_survives_the_servers_that_draw_it(undisturbed, number):
    """Each is killed once, in some order, at some picture; every other round extends the first set meanwhile."""
    cluster, first, expected = undisturbed
    dice = random.Random(number)
    job = create(cluster, GROWN, f"killed {number}", **({"extends": first.result} if number % 2 else {}))
    servers = [cluster.sampler, cluster.registry, cluster.gateway]
    dice.shuffle(servers)
    moments = [dice.randrange(12), *sorted(dice.sample(range(12, 36), 2))]
    for done, server in zip(moments, servers):
        wait_for(f"{done} pictures", lambda: cluster.job(job.name).items_done >= done)
        server.kill()
        server.start()
        wait_for(f"{server.name} is ready", server.ready)
    ended = cluster.finish(job)
    assert ended.state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    assert pictures(cluster, ended) == expected


def test_nothing_is_left_over(undisturbed):
    cluster, _, _ = undisturbed
    for name in ("gateway", "registry"):
        getattr(cluster, name).stop()
        done = subprocess.run([BIN / f"imprint-{name}", "--fsck", "--data", cluster.folder / name],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
