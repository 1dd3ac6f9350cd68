"""`imprint` as people and scripts run it. Run by ctest, which says in IMPRINT_BIN where the binaries are."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import pytest

from processes import BIN, MODEL, PIP, Result

RIGHTS = ["--creator", "Imprint", "--licence", "Apache-2.0", "--people", "none"]


def alive(pid):
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Imprint:
    """The command line of somebody whose data is in `home`."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IMPRINT_")}
        self.environment |= {"IMPRINT_HOME": str(self.home), "IMPRINT_RANK_THREADS": "1", "IMPRINT_THREADS": "1",
                             "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        # Some of them are settings of the command, others of the servers that it starts.
        self.environment["IMPRINT_DRAIN_SECONDS"] = "10"

    def __call__(self, *arguments, code=0, **environment):
        done = subprocess.run([BIN / "imprint", *map(str, arguments)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300, cwd=self.folder,
                              env=self.environment | environment)
        result = Result(done)
        assert code is None or result.code == code, (arguments, result.out, result.err)
        return result

    def start(self, *arguments, **options):
        """The command in the background."""
        return subprocess.Popen([BIN / "imprint", *map(str, arguments)], text=True, cwd=self.folder,
                                env=self.environment, **options)

    def up(self, *arguments):
        return self("--json", "up", "--model", MODEL, "--detach", *arguments).event("ready")

    def running(self):
        """up.json: who runs, by name."""
        return json.loads((self.home / "up.json").read_text())

    def log(self):
        return "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}"
                         for log in sorted((self.home / "logs").iterdir()))


@contextlib.contextmanager
def imprint_in(folder):
    imprint = Imprint(folder)
    try:
        yield imprint
    finally:
        if (imprint.home / "up.json").exists():
            pid = imprint.running()["pid"]
            imprint("down", code=None)
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def imprint(tmp_path):
    with imprint_in(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A running `imprint up`, where <pip> has been taught from one line."""
    with imprint_in(tmp_path_factory.mktemp("taught")) as one:
        one.up()
        one.teaching = one("teach", PIP, "--word", "mascot", "--token", "<pip>", "--steps", 40,
                           "--out", "pip.safetensors", *RIGHTS)
        yield one
