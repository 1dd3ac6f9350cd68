"""teach --ranks: one training in several processes, which computes what one would, and says who died."""

import json
import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import ENGINE
from safetensors.numpy import load_file

from processes import MODEL, PIP, children, wait_for

STEPS = 12
ARGUMENTS = ("--class", "mascot", "--token", "<pip>", "--checkpoint-every", 4)


def start(out, *arguments):
    return subprocess.Popen(
        [ENGINE, "--json", "--threads", "1", "teach", *map(str, arguments), "--out", out],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "IMPRINT_MODEL": str(MODEL)})


def learned(folder):
    (vectors,) = load_file(folder / "learned_embeds.safetensors").values()
    result = json.loads((folder / "training.json").read_text())["result"]
    return vectors, np.array(result["losses"]), result["gang"]


@pytest.fixture
def taught(engine, tmp_path):
    """taught(name, ...) teaches into tmp_path/name and gives vectors, losses and what the gang took."""

    def run(name, *arguments, steps=STEPS):
        result = engine("--threads", 1, "teach", PIP, *ARGUMENTS, "--steps", steps, "--out",
                        tmp_path / name, *arguments)
        assert result.code == 0, result.err
        return learned(tmp_path / name)

    return run


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def after_step(process, step):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["step"] == step:
            return
    pytest.fail(f"it ended before step {step}: {process.stderr.read()}")


@pytest.mark.parametrize("recipe", [("--batch", 4), ("--batch", 2, "--accumulation", 2)])
def test_any_number_of_ranks_computes_the_same(taught, recipe):
    alone, losses, gang = taught("1", *recipe)
    assert gang["ranks"] == 1 and gang["bytes"] == 0
    for ranks in (2, 3, 4):  # 3 share the 4 samples unevenly
        vectors, its_losses, gang = taught(f"{ranks}", *recipe, "--ranks", ranks)
        assert gang["ranks"] == ranks and gang["operations"] >= STEPS and gang["seconds"] > 0
        assert np.allclose(its_losses, losses, rtol=1e-5)
        assert np.abs(vectors - alone).max() < 1e-5 * np.abs(alone).max()


def test_the_same_number_gives_the_same_bits(taught):
    assert np.array_equal(taught("a", "--ranks", 2)[0], taught("b", "--ranks", 2)[0])


def test_a_killed_rank_is_named_and_the_training_goes_on(taught, engine, tmp_path):
    undisturbed = taught("whole", "--ranks", 3)
    process = start(tmp_path / "out", PIP, *ARGUMENTS, "--steps", STEPS, "--ranks", 3)
    after_step(process, 6)
    others = children(process.pid)
    assert len(others) == 2
    killed_at = time.monotonic()
    os.kill(others[1], signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert time.monotonic() - killed_at < 10
    error = json.loads(out.splitlines()[-1])
    assert process.returncode == 1 and error["code"] == "UNAVAILABLE"
    assert "rank 2 was killed by signal 9" in error["message"]
    assert f"--resume {tmp_path / 'out'}" in error["message"]
    wait_for("no rank is left", lambda: not any(map(alive, others)))
    assert engine("teach", "--resume", tmp_path / "out").code == 0
    again = learned(tmp_path / "out")
    assert np.array_equal(again[0], undisturbed[0]) and np.array_equal(again[1], undisturbed[1])
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "learned_embeds.safetensors", "training.json"]


def test_ctrl_c_stops_all_after_one_step_and_another_number_goes_on(taught, engine, tmp_path):
    undisturbed, losses, _ = taught("whole", "--ranks", 3)
    process = start(tmp_path / "out", PIP, *ARGUMENTS, "--steps", STEPS, "--ranks", 3)
    after_step(process, 5)
    others = children(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    stopped = int(re.search(r"stopped after step (\d+)", out).group(1))
    assert 5 <= stopped <= 7 and (tmp_path / "out" / "checkpoint.safetensors").exists()
    assert not any(map(alive, others))
    resumed = engine("teach", "--resume", tmp_path / "out", "--ranks", 2)
    assert resumed.code == 0, resumed.err
    vectors, its_losses, gang = learned(tmp_path / "out")
    assert gang["ranks"] == 2
    assert np.allclose(its_losses, losses, rtol=1e-5)
    assert np.abs(vectors - undisturbed).max() < 1e-5 * np.abs(undisturbed).max()


def test_ranks_end_with_the_command(tmp_path):
    process = start(tmp_path / "out", PIP, *ARGUMENTS, "--steps", 10_000, "--ranks", 3)
    after_step(process, 2)
    others = children(process.pid)
    process.kill()
    process.wait()
    wait_for("no rank is left", lambda: not any(map(alive, others)), seconds=10)


def test_a_rank_that_dies_before_it_joins_is_named_at_once(tmp_path):
    out = tmp_path / "out"
    process = start(out, PIP, *ARGUMENTS, "--steps", STEPS, "--ranks", 3)
    wait_for("the ranks are started", lambda: len(children(process.pid)) == 2)
    os.kill(children(process.pid)[1], signal.SIGKILL)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "rank 2 was killed by signal 9" in json.loads(said.splitlines()[-1])["message"]


def test_a_rank_that_pauses_only_delays(tmp_path):
    process = start(tmp_path / "out", PIP, *ARGUMENTS, "--steps", STEPS, "--ranks", 2)
    after_step(process, 2)
    (other,) = children(process.pid)
    os.kill(other, signal.SIGSTOP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=3)  # it may only be slow
    os.kill(other, signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("ranks,part", [(0, "ranks: got 0"), (5, "1 to 4, the samples of a step")])
def test_a_rank_without_a_sample_is_refused(engine, tmp_path, ranks, part):
    result = engine("teach", PIP, *ARGUMENTS, "--ranks", ranks, "--out", tmp_path / "out")
    assert result.code == 2 and part in result.err
    assert not (tmp_path / "out").exists()
