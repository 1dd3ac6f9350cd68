"""Starts gateway, registry, trainer and sampler on loopback, and offers a client of their APIs."""

import atexit
import contextlib
import dataclasses
import functools
import hashlib
import importlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import grpc
from grpc_tools import protoc

from processes import BIN, MODEL, PIP, REPOSITORY, rss, wait_for

THREADS = os.environ.get("IMPRINT_THREADS", "1")


@functools.cache
def api():
    """The messages and stubs of imprint.v1, generated from the protos as any pipeline would: a namespace
    with one attribute for each message, enum and stub."""
    out = tempfile.mkdtemp(prefix="imprint-api-")
    atexit.register(shutil.rmtree, out)
    proto = REPOSITORY / "proto"
    files = sorted((proto / "imprint" / "v1").glob("*.proto"))
    include = importlib.resources.files("grpc_tools") / "_proto"
    failed = protoc.main(["protoc", f"-I{proto}", f"-I{include}", f"--python_out={out}",
                          f"--grpc_python_out={out}", *map(str, files)])
    assert failed == 0
    sys.path.insert(0, out)
    names = {}
    for file in files:
        for suffix in ("_pb2", "_pb2_grpc"):
            module = importlib.import_module(f"imprint.v1.{file.stem}{suffix}")
            names.update({k: v for k, v in vars(module).items() if not k.startswith("_")})
    return type("Api", (), {k: staticmethod(v) if callable(v) and not isinstance(v, type) else v
                            for k, v in names.items()})


@functools.cache
def fixed_ports():
    """Ports of this process's own, each once: the kernel gives them to no outgoing connection, `imprint up`
    chooses from 10,000 on, and tests that run beside this one have other blocks. So a server that is killed
    finds its own free when it comes again."""
    first = 5000 + os.getpid() % 50 * 100
    return iter(range(first, first + 100))


def is_free(port):
    with socket.socket() as s:
        # As servers bind it: connections of an earlier one that are still closing do not count.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen(1)
        except OSError:
            return False
        return True


def free_port():
    """A port that nobody listens at, and that this process was not given before."""
    return next(port for port in fixed_ports() if is_free(port))


def upload_header(reference_set_id, pictures):
    """The first piece of an upload of so many pictures."""
    v1 = api()
    return v1.CreateReferenceSetRequest(header=dict(
        reference_set_id=reference_set_id, title="Pip", pictures=pictures,
        rights=v1.Rights(creator="Imprint", licence="Apache-2.0", people=v1.PEOPLE_SHOWN_NONE)))


def picture_pieces(picture, at_once=1 << 16):
    """The pieces of one picture of an upload."""
    v1 = api()
    content = picture.read_bytes()
    yield v1.CreateReferenceSetRequest(picture=dict(
        file_name=picture.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    for begin in range(0, len(content), at_once):
        yield v1.CreateReferenceSetRequest(chunk=content[begin:begin + at_once])


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a server runs: the address of its host, and what to put before its command to get there."""
    host: str = "127.0.0.1"
    enter: tuple = ()


class Process:
    """A server that can be killed, paused and started again at the same address."""

    def __init__(self, folder, name, binary, arguments, place=Place()):
        self.folder = folder
        self.name = name
        self.port = free_port()
        self.metrics_port = free_port()
        self.address = f"{place.host}:{self.port}"
        self.address_file = folder / f"{name}.json"
        self.log = folder / f"{name}.log"
        exposed = () if place.host == "127.0.0.1" else ("--insecure",)
        self.command = [*place.enter, BIN / binary, "--listen", self.address, *exposed,
                        "--metrics-listen", f"127.0.0.1:{self.metrics_port}",
                        "--address-file", self.address_file, "--drain-seconds", "10", *arguments]
        self.process = None

    def start(self):
        self.address_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            list(map(str, self.command)), stderr=self.log.open("a"),
            env={**os.environ, "OMP_NUM_THREADS": THREADS})

    def ready(self):
        assert self.process.poll() is None, f"{self.name} ended:\n{self.log.read_text()}"
        return self.address_file.exists()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """A drain; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.name} did not stop:\n{self.log.read_text()}")

    def rss(self, which="VmRSS"):
        """Bytes; of VmHWM, the most so far."""
        return rss(self.process.pid, which)

    def metric(self, sample):
        """What /metrics says of a sample, 'imprint_open{what="uploads"}'; None if it has none."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        for line in urllib.request.urlopen(url, timeout=30).read().decode().splitlines():
            if line.startswith(f"{sample} "):
                return float(line.split()[-1])


class Cluster:
    def __init__(self, folder, trainers=1, samplers=1, gateway=(), disks=None, place=Place(),
                 trainer_places=None, trainer_flags=(), sampler_flags=(), registry=(),
                 models_root="/"):
        """`gateway`, `registry`, `trainer_flags` and `sampler_flags` are added to the commands; `disks` may put the
        data of "registry" or "gateway" elsewhere than into `folder`; `place` is where those two run."""
        self.folder = folder
        disks = {"registry": folder, "gateway": folder, **(disks or {})}
        self.registry = Process(folder, "registry", "imprint-registry",
                                ["--models-root", models_root, *registry, "--data",
                                 disks["registry"] / "registry"], place)
        trainer_places = trainer_places or [Place()] * trainers
        self.trainers = [
            Process(folder, f"trainer{i}", "imprint-trainer",
                    ["--node", f"trainer{i}", "--rank-threads", THREADS, *trainer_flags], trainer_place)
            for i, trainer_place in enumerate(trainer_places)]
        self.samplers = [
            Process(folder, f"sampler{i}", "imprint-sampler",
                    ["--node", f"sampler{i}", "--threads", THREADS, *sampler_flags]) for i in range(samplers)]
        nodes = [a for t in self.trainers for a in ("--trainer", t.address)]
        nodes += [a for s in self.samplers for a in ("--sampler", s.address)]
        self.gateway = Process(folder, "gateway", "imprint-gateway", [
            "--data", disks["gateway"] / "gateway", "--registry", self.registry.address,
            "--lease-seconds", "3", "--node-timeout-seconds", "2", *nodes, *gateway], place)
        self.trainer = self.trainers[0] if self.trainers else None
        self.sampler = self.samplers[0] if self.samplers else None
        self.processes = [self.registry, *self.trainers, *self.samplers, self.gateway]

    def __enter__(self):
        for process in self.processes:
            process.start()
        try:
            for process in self.processes:
                wait_for(f"{process.name} is ready", process.ready)
        except BaseException:
            self.__exit__()
            raise
        self.connect()
        return self

    def connect(self):
        v1 = api()
        self.channel = grpc.insecure_channel(self.gateway.address, options=[
            ("grpc.enable_http_proxy", 0), ("grpc.max_reconnect_backoff_ms", 500),
            ("grpc.use_local_subchannel_pool", 1)])
        self.jobs = v1.JobServiceStub(self.channel)
        self.registry_api = v1.RegistryServiceStub(self.channel)

    def __exit__(self, *_):
        with contextlib.suppress(AttributeError):
            self.channel.close()
        for process in reversed(self.processes):
            if process.process is not None and process.process.poll() is None:
                process.stop()

    # What a pipeline does, with retries where a pipeline would retry.

    def patiently(self, call, request, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return call(request, timeout=10, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE,
                                        grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise
                assert time.monotonic() < deadline, error
                time.sleep(0.1)

    def add_model(self, model_id="demo", folder=MODEL):
        return self.registry_api.CreateBaseModel(api().CreateBaseModelRequest(
            base_model_id=model_id, folder=str(folder), licence="Apache-2.0"), timeout=60)

    def add_references(self, reference_set_id="pip", folder=PIP):
        def pieces():
            pictures = sorted(folder.iterdir())
            yield upload_header(reference_set_id, len(pictures))
            for picture in pictures:
                yield from picture_pieces(picture)

        return self.registry_api.CreateReferenceSet(pieces(), timeout=60)

    def training(self, **changes):
        v1 = api()
        recipe = v1.TrainingRecipe(steps=changes.pop("steps", 12), batch=2)
        spec = dict(base_model="baseModels/demo", reference_set="referenceSets/pip",
                    concept_name="concepts/pip", token="<pip>", class_word="mascot",
                    checkpoint_every=4, recipe=recipe)
        spec.update(changes)
        return v1.TrainingSpec(**spec)

    def image_set(self, **changes):
        v1 = api()
        spec = dict(base_model="baseModels/demo", embeddings=["concepts/pip"],
                    prompts=["<pip> in the snow", "<pip> in space"], seeds=[1, 2], steps=4)
        spec.update(changes)
        return v1.ImageSetSpec(**spec)

    def draw(self, priority, **spec):
        """Creates an image set; `spec` is image_set's."""
        v1 = api()
        return self.jobs.CreateImageSetJob(
            v1.CreateImageSetJobRequest(spec=self.image_set(**spec), priority=priority), timeout=30)

    def watch(self, job, from_event=1, seconds=240):
        """All events of a job to its end, across gateways that come and go."""
        events = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                for event in self.jobs.WatchJob(
                        api().WatchJobRequest(name=job, from_event=from_event), timeout=seconds,
                        wait_for_ready=True):
                    events.append(event)
                    from_event = event.number + 1
                return events
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    raise
                assert time.monotonic() < deadline, error
                time.sleep(0.1)

    def watch_some(self, job):
        """The events that there are now."""
        last = self.job(job).last_event
        events = []
        stream = self.jobs.WatchJob(api().WatchJobRequest(name=job), timeout=30)
        for event in stream:
            events.append(event)
            if event.number >= last:
                stream.cancel()
                return events
        return events

    def job(self, name):
        return self.patiently(self.jobs.GetJob, api().GetJobRequest(name=name))

    def finish(self, job, seconds=240):
        """The job in its terminal state."""
        self.watch(job.name, seconds=seconds)
        return self.job(job.name)

    def download_embedding(self, name):
        return b"".join(chunk.data for chunk in self.registry_api.DownloadEmbedding(
            api().DownloadEmbeddingRequest(name=name), timeout=30))

    def download_item(self, name):
        return b"".join(chunk.data for chunk in self.registry_api.DownloadItem(
            api().DownloadItemRequest(name=name), timeout=30))

    def items(self, image_set):
        return list(self.registry_api.ListItems(
            api().ListItemsRequest(parent=image_set, page_size=1000), timeout=30).items)

    def pictures(self, job):
        """The hash of each picture of a finished set, by its place in the set."""
        assert job.state == api().JOB_STATE_SUCCEEDED, (job, self.log_text())
        return {i.request.index: i.sha256 for i in self.items(job.result)}

    def log_text(self):
        return "\n".join(f"== {p.name}\n{p.log.read_text()[-4000:]}" for p in self.processes)
