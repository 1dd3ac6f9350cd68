"""imprint-engine as a process. Run by ctest, which says in IMPRINT_BIN where the binaries are."""

import json
import os
import pathlib
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "models" / "demo"
PIP = MODEL / "concepts" / "pip" / "images"
ENGINE = pathlib.Path(os.environ["IMPRINT_BIN"]) / "imprint-engine"


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def events(self, name=None):
        """What --json printed, or the events of one name."""
        events = [json.loads(line) for line in self.out.splitlines()]
        return [e for e in events if name in (None, e["event"])]


@pytest.fixture
def engine(tmp_path):
    def run(*arguments, **environment):
        done = subprocess.run(
            [ENGINE, *map(str, arguments)], capture_output=True, text=True, timeout=600,
            cwd=tmp_path, env={**os.environ, "IMPRINT_MODEL": str(MODEL), **environment},
        )
        return Result(done)

    return run


@pytest.fixture
def teach(engine, tmp_path):
    """teach("--steps", 3) teaches <pip> from its pictures into tmp_path/out."""

    def run(*arguments, pictures=PIP, out=None):
        return engine("teach", pictures, "--class", "mascot", "--token", "<pip>", "--out",
                      out or tmp_path / "out", *arguments)

    return run
