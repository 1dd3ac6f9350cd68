"""imprint up and down: what runs, what is started again, and that nothing is left behind."""

import json
import os
import pathlib
import signal
import subprocess
import urllib.request

import pytest

from conftest import RIGHTS, alive
from processes import MODEL, PIP, wait_for

SERVERS = {"registry", "gateway", "trainer-0", "sampler-0"}


def all_pids(running):
    """up's own, its servers', and those of their children."""
    pids = {running["pid"], *running["pids"].values()}
    for pid in list(pids):
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            pids |= set(map(int, task.read_text().split()))
    return pids


def test_up_says_where_everything_is_and_down_ends_all_of_it(imprint):
    ready = imprint.up()
    running = imprint.running()
    assert running["server"] == ready["server"]
    assert set(running["pids"]) == set(running["metrics"]) == SERVERS
    for url in running["metrics"].values():
        assert "imprint_build_info" in urllib.request.urlopen(url).read().decode()
    assert {log.name for log in (imprint.home / "logs").iterdir()} == {
        f"{name}.log" for name in SERVERS | {"up"}}
    up_said = (imprint.home / "logs" / "up.log").read_text()
    for text in (ready["server"], *running["metrics"].values(), str(imprint.home), "Ctrl-C"):
        assert text in up_said

    twice = imprint("up", "--detach", code=1)
    assert "runs on" in twice.err and "imprint down" in twice.err
    assert "runs" in imprint("fsck", code=1).err

    pids = all_pids(running)
    imprint("down")
    assert not any(map(alive, pids))
    assert not (imprint.home / "up.json").exists()
    assert "nothing runs" in imprint("down").out


def test_of_two_that_begin_at_once_one_runs_and_the_other_says_so(imprint):
    both = [imprint.start("up", "--detach", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    loser = next(err for process, (_, err) in zip(both, said) if process.returncode == 1)
    assert f"imprint up runs on {imprint.home} already (process " in loser, loser
    assert {log.name for log in (imprint.home / "logs").iterdir()} == {f"{name}.log" for name in SERVERS | {"up"}}
    assert "ready" in (imprint.home / "logs" / "up.log").read_text(), "the winner's log is there"


def test_a_model_may_be_one_file(imprint):
    """What the registry then makes of it is in tests/parity/test_single_file.py."""
    missing = imprint("up", "--model", "none.safetensors", "--licence", "MIT", code=2)
    assert "none.safetensors" in missing.err and "or one .safetensors file" in missing.err
    (imprint.folder / "small.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    taken = imprint("up", "--model", "small.safetensors", "--licence", "MIT", code=2)
    assert "small.safetensors" in taken.err and "a folder" not in taken.err, taken.err
    assert "--licence TEXT" in imprint("up", "--model", "small.safetensors", code=2).err


def as_one_file(target):
    """The demo model in the original layout. Its autoencoder is widened with noughts to channels in groups of 32,
    as all such files have them: pictures are noise, but pictures."""
    import torch
    from parity.original_layout import save_original

    def widened(tensors):
        wider = {24: 32, 48: 96}
        for name, tensor in tensors.items():
            if name.startswith("first_stage_model."):
                tensors[name] = torch.zeros([wider.get(side, side) for side in tensor.shape])
                tensors[name][tuple(map(slice, tensor.shape))] = tensor
        return tensors

    unet = json.loads((MODEL / "unet" / "config.json").read_text())
    save_original(MODEL, target, unet, 3, "sd1", change=widened)


def test_a_model_of_one_file_is_registered_and_draws(imprint):
    as_one_file(imprint.folder / "small.safetensors")
    # Which has no safety checker.
    imprint("up", "--model", "small.safetensors", "--licence", "MIT", "--detach", IMPRINT_NO_SAFETY_CHECK="1")
    (model,) = imprint("--json", "models", "list").events("model")
    assert model["name"] == "baseModels/default" and model["details"]["licence"] == "MIT"
    assert model["details"]["folder"] == str(imprint.folder / "small.safetensors")
    imprint("draw", "--prompt", "a tree", "--steps", 1, "--size", "64x64", "--no-sheet", "--out",
            "drawn")
    (picture,) = (imprint.folder / "drawn").glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_closed_terminal_stops_the_servers(imprint):
    up = imprint.start("--json", "up", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("up.json", lambda: (imprint.home / "up.json").exists())
    pids = all_pids(imprint.running())
    for _ in range(2):  # the terminal's, and the shell's
        up.send_signal(signal.SIGHUP)
    assert up.wait(60) == 0
    assert not any(map(alive, pids))


def test_ctrl_c_stops_servers_in_order(imprint):
    log = (imprint.folder / "up.out").open("w+")
    up = imprint.start("--json", "up", "--model", MODEL, "--trainers", 2, stdout=log)
    wait_for("up.json", lambda: (imprint.home / "up.json").exists())
    pids = all_pids(imprint.running())
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert not any(map(alive, pids))
    events = [json.loads(line) for line in (imprint.folder / "up.out").read_text().splitlines()]
    stages = [set(e["servers"]) for e in events if e["event"] == "stopping"]
    assert stages == [{"trainer-0", "trainer-1", "sampler-0"}, {"gateway"}, {"registry"}]
    assert events[-1]["event"] == "stopped"


def test_servers_die_with_an_up_that_is_killed(imprint):
    imprint.up()
    pids = all_pids(imprint.running())
    os.kill(imprint.running()["pid"], signal.SIGKILL)
    wait_for("the servers' end", lambda: not any(map(alive, pids)), 20)
    # What it left behind misleads nobody, and the next one starts.
    assert "imprint up" in imprint("jobs", code=1).err
    imprint.up()


def test_killed_servers_come_back_where_they_were_and_the_job_goes_on(imprint):
    imprint.up()
    before = imprint.running()
    victims = sorted(SERVERS)
    teach = imprint.start("--json", "teach", PIP, "--word", "mascot", "--token", "<pip>", "--steps", 100,
                          "--checkpoint-every", 10, *RIGHTS, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    for line in teach.stdout:
        if json.loads(line)["event"] == "checkpoint" and victims:
            os.kill(imprint.running()["pids"][victims.pop()], signal.SIGKILL)
    err = teach.stderr.read()
    assert teach.wait(60) == 0, (err, imprint.log())
    assert json.loads(line)["event"] == "result" and not victims
    after = imprint.running()
    assert after["metrics"] == before["metrics"] and after["server"] == before["server"]
    up_said = (imprint.home / "logs" / "up.log").read_text()
    for server in SERVERS:
        assert f"the {server} was killed by signal 9" in up_said
        assert after["pids"][server] != before["pids"][server]
    imprint("down")
    imprint("fsck")


def test_down_leaves_a_running_job_to_the_next_up(imprint):
    imprint.up()
    job = imprint("--json", "teach", PIP, "--word", "mascot", "--token", "<pip>", "--steps", 150,
                  "--checkpoint-every", 5, "--no-wait", *RIGHTS).event("job")["name"]
    wait_for("its first steps", lambda: int(imprint("--json", "jobs").event("job")["details"].get(
        "progress", {}).get("step", 0)) >= 10)
    imprint("down")
    imprint.up()
    steps = [e for e in imprint("--json", "watch", job).events() if e["event"] in ("step", "attempt")]
    assert {e["attempt"] for e in steps if e["event"] == "step"} == {1, 2}
    resumed = [e["step"] for e in steps if e["event"] == "step" and e["attempt"] == 2][0]
    assert resumed > 5, "it went on from its checkpoint"
    state = imprint("--json", "jobs").event("job")["state"]
    assert state == "succeeded"


def test_fsck_finds_a_damaged_blob(imprint):
    imprint.up()
    imprint("teach", PIP, "--word", "mascot", "--token", "<pip>", "--steps", 2, *RIGHTS)
    imprint("down")
    clean = imprint("fsck").out
    assert "registry: clean; 4 records and 6 blobs good" in clean and "gateway: clean" in clean, clean
    registry, gateway = imprint("--json", "fsck").events()
    assert registry == {"event": "checked", "service": "registry", "clean": True, "good_records": 4,
                        "good_blobs": 6, "database": [], "records": [], "missing": [], "damaged": [],
                        "orphans": [], "open_to_others": []}
    assert gateway["service"] == "gateway" and gateway["clean"] and gateway["good_records"] > 3
    blob = next(p for p in sorted((imprint.home / "registry" / "blobs").rglob("*")) if p.is_file())
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(content)
    found = imprint("fsck", code=1)
    assert blob.name in found.out + found.err
    checked = imprint("--json", "fsck", code=1).events()[0]
    assert not checked["clean"] and checked["good_blobs"] == 5
    assert [b["sha256"] for b in checked["damaged"]] == [blob.name]
    owner = checked["damaged"][0]["belongs_to"][0]
    assert owner.startswith(("referenceSets/", "concepts/pip/embeddings/1")) and owner in found.out
    assert "open     registry/" not in found.out
    assert f"{blob.parent.name}/{blob.name} (0644)" not in found.out, "nobody else can enter its folder"


def test_fsck_says_why_it_cannot_look(imprint):
    assert imprint("--json", "fsck", code=2).event("error")["message"].startswith("data: ")
    (imprint.home / "registry").mkdir(parents=True)
    assert "has no registry.db" in imprint("fsck", code=2).err
    assert "has no registry.db" in imprint("--json", "fsck", code=2).event("error")["message"]


def test_fsck_leaves_nothing_of_a_killed_up_that_down_could_believe(imprint):
    """While it holds the folder, up.json would name a process that is somebody else's by now."""
    (imprint.home / "registry").mkdir(parents=True)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (imprint.home / "up.json").write_text(json.dumps(
            {"server": "127.0.0.1:1", "pid": stranger.pid, "metrics": {}, "pids": {}}))
        imprint("fsck", code=2)
        assert not (imprint.home / "up.json").exists()
        assert stranger.poll() is None
    finally:
        (imprint.home / "up.json").unlink(missing_ok=True)
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("arguments, parts", [
    (["--model", "nowhere"], ["model", "nowhere", "folder"]),
    (["--trainers", "65"], ["trainers", "65", "0 to 64"]),
    (["--samplers", "-1"], ["samplers", "-1", "0 to 64"]),
])
def test_bad_options_of_up_are_named(imprint, arguments, parts):
    refused = imprint("up", *arguments, code=2)
    assert all(part in refused.err for part in parts), refused.err
