"""The container recipe, carried out in bare Debian roots: the images hold what their services need, and the
four services do the main job from within them, as the user and with the read-only root that Kubernetes gives
them.

Takes a whole build, root, debootstrap and the network: label nightly. IMPRINT_BASE_ROOT may name a bare
root that is there already. The images for GPUs take 2 GB of downloads and 20 GB of disk more, and are made
where IMPRINT_GPU_IMAGES is set.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from processes import BIN, MODEL, PIP, REPOSITORY, wait_for
from recipe import Builder

SERVICES = ("registry", "trainer", "sampler", "gateway")
RIGHTS = ["--creator", "Imprint", "--licence", "Apache-2.0", "--people", "none"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    given = os.environ.get("IMPRINT_BASE_ROOT")
    if given:
        return pathlib.Path(given)
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap")
    root = tmp_path_factory.mktemp("debian")
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True)
    return root


@pytest.fixture(scope="module")
def builder(base, tmp_path_factory):
    context = tmp_path_factory.mktemp("context")
    subprocess.run(f"git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t {context}", shell=True,
                   check=True, cwd=REPOSITORY)
    work = tmp_path_factory.mktemp("stages")
    yield Builder((REPOSITORY / "deploy/docker/Dockerfile").read_text(), base, context, work)
    shutil.rmtree(work)


class Pod:
    """A service that runs in its image: as the recipe's user, with nothing to write to but /data and /tmp."""

    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        self.log = folder / "log"

    def __enter__(self):
        own = {}
        for name in ("data", "tmp"):
            own[name] = self.folder / name
            own[name].mkdir()
            os.chown(own[name], 65532, 65532)
        self.mount = self.image.mounted(read_only=True, models=MODEL.parent, **own)
        self.mount.__enter__()
        self.process = None
        return self

    def start(self, *flags):
        """Gives the address."""
        file = self.folder / "tmp" / "addresses.json"
        self.process = subprocess.Popen(
            self.image.command(*self.image.entrypoint, "--listen=127.0.0.1:0",
                               "--address-file=/tmp/addresses.json", *flags), stderr=self.log.open("w"))
        wait_for("it serves", lambda: file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        return json.loads(file.read_text())["grpc"]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.mount.__exit__(None, None, None)


def test_the_main_job_is_done_by_the_images(builder, tmp_path):
    with contextlib.ExitStack() as stack:
        pods = {}
        for name in SERVICES:
            folder = tmp_path / name
            folder.mkdir()
            image = builder.image(name)
            assert image.user == "65532:65532"
            pods[name] = stack.enter_context(Pod(image, folder))
        registry = pods["registry"].start("--data=/data", "--models-root=/models")
        trainer, sampler = pods["trainer"].start(), pods["sampler"].start()
        gateway = pods["gateway"].start("--data=/data", f"--registry={registry}", f"--trainer={trainer}",
                                        f"--sampler={sampler}")

        def imprint(*arguments):
            done = subprocess.run([BIN / "imprint", "--server", gateway, *map(str, arguments)], cwd=tmp_path,
                                  capture_output=True, text=True)
            assert done.returncode == 0, (done.stderr, *(pod.log.read_text() for pod in pods.values()))

        imprint("models", "add", "demo", "/models/demo", "--licence", "Apache-2.0")
        imprint("teach", PIP, "--word", "mascot", "--token", "<pip>", "--steps", 20, *RIGHTS)
        imprint("draw", "--prompt", "<pip> in the snow", "--seeds", "1-2", "--out", "pictures")
        assert len(list((tmp_path / "pictures").glob("0*.png"))) == 2
        for name in reversed(SERVICES):
            pods[name].stop()


def opened_on_a_gpu(image, tmp):
    """What a node says that was given a GPU whose driver lists it and cannot compute."""
    with image.mounted(read_only=True, tmp=tmp):
        done = subprocess.run(
            image.command("FAKE_GPUS=Old GPU|17179869184|7|5", *image.entrypoint, "--device=cuda",
                          "--listen=127.0.0.1:0"), capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr


@pytest.mark.skipif("IMPRINT_GPU_IMAGES" not in os.environ, reason="large: IMPRINT_GPU_IMAGES=1 makes them")
@pytest.mark.parametrize("name", ["trainer", "sampler"])
def test_the_images_for_gpus_hold_all_of_cuda(builder, name, tmp_path):
    image = builder.image(f"{name}-gpu")
    os.chown(tmp_path, 65532, 65532)
    libraries = image.root / "opt/imprint/lib"
    files = [path for folder in (libraries, image.root / "usr/bin") for path in folder.iterdir()
             if path.name.startswith(("lib", "imprint-"))]
    linked = subprocess.run(image.command("ldd", *("/" / path.relative_to(image.root) for path in files)),
                            check=True, capture_output=True, text=True).stdout
    assert "not found" not in linked, linked
    # Where GKE mounts the driver.
    mounted = image.root / "usr/local/nvidia/lib64"
    mounted.mkdir(parents=True, exist_ok=True)
    shutil.copy(BIN.parent / "engine/devices/libfake_cuda_driver.so", mounted / "libcuda.so.1")
    # LibTorch's half for GPUs is open, and has asked the driver.
    assert "libtorch_cuda.so sees no GPU" in opened_on_a_gpu(image, tmp_path)
    (libraries / "libcufile.so.0").unlink()
    assert "LibTorch has no CUDA here: libcufile.so.0" in opened_on_a_gpu(image, tmp_path)
