"""A training that is stopped, killed or resumed ends in the bytes of one that was left alone."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess

import pytest

from conftest import ENGINE
from processes import MODEL, PIP

STEPS = 40


def start(out, *more):
    return subprocess.Popen(
        [ENGINE, "--json", *map(str, more)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "IMPRINT_MODEL": str(MODEL)},
    )


def teach(out, *more, photos=PIP):
    return start(out, "teach", photos, "--class", "mascot", "--token", "<pip>", "--steps", STEPS,
                 "--checkpoint-every", 5, "--out", out, *more)


def resume(out, *more):
    return start(out, "teach", "--resume", out, *more)


def embedding(out):
    return (out / "learned_embeds.safetensors").read_bytes()


def stop_after(process, step, how):
    """Sends the signal `how` once the step is done, and waits for the end."""
    read_until_step(process, step)
    process.send_signal(how)
    return process.communicate(timeout=60)


def read_until_step(process, step):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["step"] >= step:
            return
    raise AssertionError(process.stderr.read())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    process = teach(out)
    process.communicate(timeout=300)
    assert process.returncode == 0
    return embedding(out)


# The last is within the steps whose vectors are averaged, past a checkpoint.
@pytest.mark.parametrize("step", [*random.Random(1).sample(range(1, STEPS - 5), 3), STEPS - 3])
def test_killed_at_a_random_moment_and_resumed(tmp_path, undisturbed, step):
    """kill -9, twice: after some step, and somewhere in the first moments of the resumed run."""
    rng = random.Random(step)
    out = tmp_path / "out"
    process = teach(out)
    stop_after(process, step, signal.SIGKILL)
    assert not (out / "learned_embeds.safetensors").exists()

    second = resume(out)
    try:
        second.communicate(timeout=rng.uniform(0.05, 0.6))
    except subprocess.TimeoutExpired:
        second.send_signal(signal.SIGKILL)
        second.communicate(timeout=60)

    last = resume(out)
    last.communicate(timeout=300)
    assert last.returncode == 0
    assert embedding(out) == undisturbed
    assert not (out / "checkpoint.safetensors").exists()


# A terminal that closes sends SIGHUP, and so does the shell in it.
@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGHUP, signal.SIGHUP)])
def test_ctrl_c_leaves_a_checkpoint_that_goes_on(tmp_path, undisturbed, signals):
    out = tmp_path / "out"
    process = teach(out)
    read_until_step(process, 7)
    for number in signals:
        process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    (error,) = [e for e in map(json.loads, output.splitlines()) if e["event"] == "error"]
    assert "teach --resume" in error["message"]
    assert (out / "checkpoint.safetensors").exists()
    assert json.loads((out / "training.json").read_text())["state"] == "interrupted"

    last = resume(out)
    output, _ = last.communicate(timeout=300)
    assert last.returncode == 0
    (begun,) = [e for e in map(json.loads, output.splitlines()) if e["event"] == "start"]
    assert begun["resumed_from"] >= 7
    assert embedding(out) == undisturbed


def test_nohup_keeps_its_promise(tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        ["nohup", ENGINE, "--json", "teach", PIP, "--class", "mascot", "--token", "<pip>", "--steps", "12", "--out", out],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "IMPRINT_MODEL": str(MODEL)})
    stop_after(process, 3, signal.SIGHUP)
    assert process.returncode == 0


@pytest.mark.parametrize("command", [
    ("draw", "--prompt", "a mascot", "--steps", 1, "--no-safety-check"),
    ("teach", PIP, "--class", "mascot", "--token", "<pip>", "--steps", 1),
], ids=lambda command: command[0])
def test_a_file_over_the_limit_is_an_error_and_leaves_nothing(tmp_path, command):
    """ulimit -f kills a process that does not say otherwise, in the middle of the write."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = subprocess.run([ENGINE, *map(str, command), "--out", tmp_path / "out"], capture_output=True, text=True,
                          timeout=120, preexec_fn=limit, env={**os.environ, "IMPRINT_MODEL": str(MODEL)})
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "larger than this process" in done.stderr and str(tmp_path / "out") in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_flags_that_a_resumed_training_cannot_have_are_refused(tmp_path, undisturbed):
    out = tmp_path / "out"
    stop_after(teach(out), 7, signal.SIGINT)
    for more in (("--steps", 100), ("--lr", 1e-3), ("--token", "<other>"), ("--out", tmp_path / "elsewhere"),
                 ("--class", "dog"), ("--seed", 5), ("--no-flip",), ("--overwrite",), ("--model", MODEL / "unet"),
                 ("--precision", "fp32"), (PIP,)):
        refused = subprocess.run([ENGINE, "teach", "--resume", out, *map(str, more)], capture_output=True, text=True,
                                 timeout=60, env={**os.environ, "IMPRINT_MODEL": str(MODEL)})
        assert refused.returncode == 2, more
        name = str(more[0]).removeprefix("--") if str(more[0]).startswith("--") else "FOLDER"
        assert f"error: {name}: got" in refused.stderr and "--resume" in refused.stderr
    assert not (tmp_path / "elsewhere").exists()
    # What the environment says of every command is no flag of this one.
    last = resume(out)
    last.communicate(timeout=300)
    assert last.returncode == 0 and embedding(out) == undisturbed


def test_a_resumed_training_keeps_its_number_of_threads(tmp_path):
    """Kernels on two threads add up in another order than on one."""
    def teach_on(out, threads):
        return start(out, "--threads", threads, "teach", PIP, "--class", "mascot", "--token",
                     "<pip>", "--steps", 12, "--checkpoint-every", 3, "--out", out)

    whole, out = tmp_path / "whole", tmp_path / "out"
    teach_on(whole, 2).communicate(timeout=300)
    process = teach_on(out, 2)
    stop_after(process, 5, signal.SIGKILL)
    # Nothing asks for one thread here: the record says two.
    last = subprocess.run([ENGINE, "teach", "--resume", out], timeout=300, capture_output=True,
                          env={k: v for k, v in os.environ.items() if k != "IMPRINT_THREADS"})
    assert last.returncode == 0, last.stderr
    assert embedding(out) == embedding(whole)
    assert json.loads((out / "training.json").read_text())["compute_threads"] == 2


def test_resuming_needs_the_same_pictures(tmp_path):
    out, photos = tmp_path / "out", shutil.copytree(PIP, tmp_path / "photos")
    process = start(out, "teach", photos, "--class", "mascot", "--steps", STEPS,
                    "--checkpoint-every", 2, "--out", out)
    stop_after(process, 5, signal.SIGINT)
    (photos / "3.png").write_bytes((photos / "4.png").read_bytes())
    last = resume(out)
    output, _ = last.communicate(timeout=60)
    assert last.returncode == 2
    assert "3.png" in output and "another file" in output
    assert (out / "checkpoint.safetensors").exists(), "nothing is lost"


def test_a_damaged_checkpoint_is_refused(tmp_path):
    out = tmp_path / "out"
    process = teach(out)
    stop_after(process, 6, signal.SIGINT)
    checkpoint = out / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    last = resume(out)
    output, _ = last.communicate(timeout=60)
    assert last.returncode == 2 and "checkpoint.safetensors" in output


def test_a_finished_training_has_nothing_to_resume(tmp_path, undisturbed):
    out = tmp_path / "out"
    teach(out).communicate(timeout=300)
    again = resume(out)
    output, _ = again.communicate(timeout=60)
    assert again.returncode == 0 and json.loads(output)["event"] == "finished"
    assert embedding(out) == undisturbed


def test_an_overwriting_training_that_was_killed_goes_on(tmp_path, undisturbed):
    """What is left of the training before must not be taken for its result."""
    out = tmp_path / "out"
    teach(out, "--seed", 5).communicate(timeout=300)
    assert embedding(out) != undisturbed
    process = teach(out, "--overwrite")
    stop_after(process, 1, signal.SIGKILL)
    last = resume(out)
    last.communicate(timeout=300)
    assert last.returncode == 0
    assert embedding(out) == undisturbed


def test_an_overwriting_training_that_cannot_begin_loses_nothing(tmp_path, undisturbed):
    out = tmp_path / "out"
    process = teach(out)
    stop_after(process, 7, signal.SIGINT)
    refused = teach(out, "--overwrite", photos=tmp_path / "no-such-folder")
    refused.communicate(timeout=60)
    assert refused.returncode == 2
    last = resume(out)
    output, _ = last.communicate(timeout=300)
    (begun,) = [e for e in map(json.loads, output.splitlines()) if e["event"] == "start"]
    assert begun["resumed_from"] >= 7
    assert embedding(out) == undisturbed


def test_ctrl_c_while_drawing_keeps_what_is_finished(tmp_path):
    out = tmp_path / "out"
    process = start(out, "draw", "--prompt", "a mascot", "--seeds", "1-200", "--batch", 1,
                    "--out", out)
    for line in process.stdout:
        if json.loads(line)["event"] in ("picture", "blocked"):
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    manifest = json.loads((out / "manifest.json").read_text())
    written = [p["file"] for p in manifest["pictures"] if "file" in p]
    assert len(written) == len(list(out.glob("0*.png")))
    assert len(written) < 200


def test_resumed_with_less_memory(tmp_path, undisturbed):
    """Gradient checkpointing is the same training; the record keeps it."""
    out = tmp_path / "out"
    stop_after(teach(out), 11, signal.SIGINT)
    process = resume(out, "--gradient-checkpointing")
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert embedding(out) == undisturbed
    assert json.loads((out / "training.json").read_text())["order"]["gradient_checkpointing"]


def test_what_was_begun_on_a_gpu_goes_on_without_what_only_a_gpu_can(tmp_path):
    out = tmp_path / "out"
    stop_after(teach(out), 11, signal.SIGINT)
    record = json.loads((out / "training.json").read_text())
    record["order"].update(device="cuda:0", cuda_graph=True, device_memory_mb=6000)
    (out / "training.json").write_text(json.dumps(record))
    process = resume(out, "--device", "cpu", "--cuda-graph")
    assert "cuda-graph: got true" in "".join(process.communicate(timeout=60))
    process = resume(out, "--device", "cpu")
    process.communicate(timeout=300)
    assert process.returncode == 0
