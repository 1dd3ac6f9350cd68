"""Two trainers in network namespaces of their own, which form a gang over a real link: a rank is killed, a
rank is frozen, the link between the ranks is cut, a trainer's only link is cut. Each run ends in the bits of
the undisturbed one.

Only this process and its children are in those namespaces, and nothing of them is left when it ends. Needs
root, or what else may make a network namespace; skips itself without.
"""

import ctypes
import os
import signal
import subprocess

import pytest

from cluster import Cluster, Place, api
from gangs import create, halfway, ranks_of, reasons, succeed, trainers_of
from processes import wait_for

CLONE_NEWNET = 0x40000000
HUB = "10.77.0.1"
v1 = api()


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Node:
    """A network namespace at the other end of a cable to the hub's bridge."""

    def __init__(self, number):
        self.host = f"10.77.0.{number + 2}"
        self.cable = f"cable{number}"
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        wait_for("the namespace is there", lambda: self.namespace() != os.readlink("/proc/self/ns/net"))
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        ip("link", "set", self.cable, "master", "hub", "up")
        self.inside("ip", "address", "add", f"{self.host}/24", "dev", "eth0")
        self.inside("ip", "link", "set", "eth0", "up")
        self.inside("ip", "link", "set", "lo", "up")

    def namespace(self):
        return os.readlink(f"/proc/{self.holder.pid}/ns/net")

    @property
    def enter(self):
        return ("nsenter", "--target", str(self.holder.pid), "--net")

    def inside(self, *command):
        subprocess.run([*self.enter, *command], check=True)

    def place(self):
        return Place(self.host, self.enter)

    def unplug(self):
        ip("link", "set", self.cable, "down")

    def plug_in(self):
        ip("link", "set", self.cable, "up")

    def isolate(self, isolated):
        """From the other nodes, not from the hub."""
        subprocess.run(["bridge", "link", "set", "dev", self.cable, "isolated",
                        "on" if isolated else "off"], check=True)


def enter_a_namespace():
    """This process leaves the machine's network, from here to its end."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    ip("link", "set", "lo", "up")
    bridge = subprocess.run(["ip", "link", "add", "hub", "type", "bridge"], capture_output=True, text=True)
    if bridge.returncode != 0:
        pytest.skip(f"no bridge: {bridge.stderr}")
    ip("address", "add", f"{HUB}/24", "dev", "hub")
    ip("link", "set", "hub", "up")


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    enter_a_namespace()
    nodes = [Node(number) for number in range(2)]
    try:
        with Cluster(tmp_path_factory.mktemp("links"), samplers=0, place=Place(HUB),
                     trainer_places=[node.place() for node in nodes],
                     trainer_flags=["--gang-patience-seconds", "3"]) as cluster:
            cluster.add_model()
            cluster.add_references()
            yield cluster, dict(zip(("trainer0", "trainer1"), nodes)), succeed(cluster, create(cluster, 2))
    finally:
        for node in nodes:
            node.holder.kill()
            node.holder.wait()


@pytest.fixture
def running(linked):
    """A gang in the middle of its work: the cluster, the job, its second rank's trainer, the nodes, and what
    the run is to end in."""
    cluster, nodes, undisturbed = linked
    job = halfway(cluster)
    return cluster, job, trainers_of(cluster, job)[1], nodes, undisturbed


def test_the_ranks_are_on_nodes_of_their_own(linked):
    cluster, nodes, undisturbed = linked
    job = create(cluster, 2)
    assert succeed(cluster, job).tobytes() == undisturbed.tobytes()
    assert {t.name for t in trainers_of(cluster, job)} == set(nodes)


def test_a_killed_rank(running):
    cluster, job, second, _, undisturbed = running
    for pid in ranks_of(second):
        os.kill(pid, signal.SIGKILL)
    assert succeed(cluster, job).tobytes() == undisturbed.tobytes()
    assert any("killed by signal 9" in reason for reason in reasons(cluster, job))


def test_a_rank_that_is_frozen_while_its_trainer_beats(running):
    """Nobody but the other rank can notice: its patience ends."""
    cluster, job, second, _, undisturbed = running
    frozen = ranks_of(second)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    wait_for("the attempt is given up", lambda: reasons(cluster, job))
    assert succeed(cluster, job).tobytes() == undisturbed.tobytes()
    said = reasons(cluster, job)[0]
    assert said == f"rank 1 on node {second.name}: nothing was heard of it", said


def test_the_link_between_the_ranks_is_cut(running):
    """Both trainers are still heard of."""
    cluster, job, _, nodes, undisturbed = running
    for node in nodes.values():
        node.isolate(True)
    wait_for("the attempt is given up", lambda: reasons(cluster, job))
    for node in nodes.values():
        node.isolate(False)
    assert succeed(cluster, job).tobytes() == undisturbed.tobytes()
    assert "gang: summing up" in reasons(cluster, job)[0], reasons(cluster, job)


def test_a_trainers_only_link_is_cut(running):
    cluster, job, second, nodes, undisturbed = running
    nodes[second.name].unplug()
    wait_for("the attempt is given up", lambda: reasons(cluster, job))
    nodes[second.name].plug_in()
    assert succeed(cluster, job).tobytes() == undisturbed.tobytes()
    assert any(second.name in reason for reason in reasons(cluster, job))
