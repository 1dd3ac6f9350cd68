"""imprint-engine as a process. Run by ctest, which says in IMPRINT_BIN where the binaries are."""

import os
import subprocess

import pytest

from processes import BIN, MODEL, PIP, Result

ENGINE = BIN / "imprint-engine"


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
