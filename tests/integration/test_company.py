"""Programs that compute notice others on their processors (engine/company)."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

from conftest import ENGINE
from processes import MODEL, PIP, wait_for

TEACH = ["teach", PIP, "--model", MODEL, "--class", "mascot", "--token", "<pip>", "--steps", "10000"]
DRAW = ["draw", "--model", MODEL, "--prompt", "a mascot", "--seeds", "1-100", "--steps", "1000", "--no-safety-check"]
WATCH = "company-watch"
# One alone would never wait.
THREADS = str(max(2, os.cpu_count()))


def threads_of(process):
    """The names of a process's threads."""
    names = set()
    for thread in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        try:
            names.add((thread / "comm").read_text().strip())
        except OSError:
            pass  # it has ended
    return names


def await_thread(process, name):
    def there():
        assert process.poll() is None, "it has ended"
        return name in threads_of(process)

    wait_for(f"a thread {name}", there, seconds=120)


@pytest.fixture
def start():
    """Starts programs that are killed in the end."""
    running = []

    def start_one(*command, environment=None, **options):
        bare = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
        running.append(subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL,
                                        **{"stdout": subprocess.DEVNULL, **options},
                                        env={**bare, "IMPRINT_THREADS": THREADS, **(environment or {})}))
        return running[-1]

    yield start_one
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def strangers(start):
    """Enough of them to keep every processor busy."""
    def begin():
        for _ in range(os.cpu_count()):
            start(sys.executable, "-c", "while True: pass")

    return begin


@pytest.mark.parametrize("command", [TEACH, DRAW], ids=["teach", "draw"])
def test_waits_are_short_beside_strangers(start, strangers, tmp_path, command):
    process = start(ENGINE, *command, "--out", tmp_path / "out")
    await_thread(process, WATCH)
    strangers()
    await_thread(process, "short-waits")


def test_results_are_the_same_beside_strangers(start, strangers, tmp_path):
    def teach(out, **environment):
        """Returns its losses, which show from which step two trainings differ, and its embedding's hash."""
        process = start(ENGINE, *TEACH[:-1], 12, "--out", tmp_path / out, environment=environment)
        assert process.wait(300) == 0
        (embedding,) = (tmp_path / out).glob("*.safetensors")
        losses = json.loads((tmp_path / out / "training.json").read_text())["result"]["losses"]
        return losses, hashlib.sha256(embedding.read_bytes()).hexdigest()

    losses, embedding = teach("alone", GOMP_SPINCOUNT="300000")
    strangers()
    losses_beside, embedding_beside = teach("beside strangers")
    assert losses_beside == losses
    assert embedding_beside == embedding


@pytest.mark.parametrize("environment,watches", [
    ({}, True),
    ({"IMPRINT_THREADS": "1"}, False),
    ({"OMP_WAIT_POLICY": "passive"}, False),
    ({"GOMP_SPINCOUNT": "300000"}, False),
], ids=str)
def test_watches_unless_it_is_needless_or_somebody_says_how_to_wait(start, tmp_path, environment, watches):
    process = start(ENGINE, "--json", *TEACH, "--out", tmp_path / "out", environment=environment, text=True,
                    stdout=subprocess.PIPE)
    assert any('"step"' in line for line in process.stdout), "it has begun"
    assert (WATCH in threads_of(process)) == watches
