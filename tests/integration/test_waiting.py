"""How long threads spin while they wait: set as a program begins, which nobody who started it notices."""

import os
import pathlib
import subprocess

import pytest

from conftest import ENGINE
from processes import MODEL, PIP


def settings_of(process):
    """What libgomp finds in a process's environment."""
    environment = pathlib.Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    return {entry for entry in environment if entry.startswith((b"GOMP_SPINCOUNT=", b"OMP_WAIT_POLICY="))}


@pytest.mark.skipif(b"__asan_init" in ENGINE.read_bytes(), reason="sanitizers begin in its place")
@pytest.mark.parametrize("given,found", [
    ({}, {b"GOMP_SPINCOUNT=20000"}),
    ({"OMP_WAIT_POLICY": "passive"}, {b"OMP_WAIT_POLICY=passive"}),
    ({"GOMP_SPINCOUNT": "7"}, {b"GOMP_SPINCOUNT=7"}),
], ids=str)
def test_waiting_is_bounded_unless_somebody_says_how(tmp_path, given, found):
    bare = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    arguments = ["teach", PIP, "--model", MODEL, "--class", "mascot", "--token", "<pip>", "--steps", "1000",
                 "--out", tmp_path / "a  folder of \"mine\""]
    process = subprocess.Popen([ENGINE, "--json", *arguments], stdout=subprocess.PIPE, env={**bare, **given})
    try:
        assert process.stdout.readline(), "it has begun"
        assert settings_of(process) == found
        command = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        assert command == [os.fsencode(part) for part in (ENGINE, "--json", *arguments)]
    finally:
        process.kill()
        process.wait()


def test_exit_codes_are_those_of_the_command(engine):
    assert engine("--version").code == 0
    refused = engine("draw", "--prompt", "a  b", "--steps", "no  number")
    assert refused.code == 2 and "no  number" in refused.err
