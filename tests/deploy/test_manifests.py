"""deploy/k8s and deploy/docker against Kubernetes' schemas and against the binaries."""

import copy
import functools
import importlib.metadata
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import urllib.request

import grpc
import pytest
import yaml

import checks
from kustomization import Kustomization
from processes import BIN, REPOSITORY, wait_for

K8S = REPOSITORY / "deploy" / "k8s"
BASE = K8S / "base"
SMALL = K8S / "overlays" / "small"
GPU = K8S / "overlays" / "gpu"
FOLDERS = ["base", *(str(f.parent.relative_to(K8S)) for f in K8S.glob("overlays/*/kustomization.yaml"))]
RECIPE = (REPOSITORY / "deploy" / "docker" / "Dockerfile").read_text()
WHEELS = pathlib.Path(sysconfig.get_paths()["purelib"]).resolve()
CUDA_WHEELS = (REPOSITORY / "scripts" / "requirements-cuda.txt").read_text()
SERVICES = ("gateway", "registry", "sampler", "trainer")
PER_WORKLOAD = (checks.check_ports, checks.check_paths, checks.check_security, checks.check_memory,
                checks.check_grace, checks.check_gpu, functools.partial(checks.check_recipe, recipe=RECIPE))


def has_kustomize():
    """Whether there is a kubectl whose kustomize is new enough: Debian's is not."""
    if shutil.which("kubectl") is None:
        return False
    said = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True).stdout
    version = re.search(r"Kustomize Version: v(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= (4, 5)


def documents():
    listed = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    return [d for file in listed for d in yaml.safe_load_all((BASE / file).read_text())]


def workload(name, among=None):
    return next(w for w in checks.workloads(among or documents()) if w["metadata"]["name"] == name)


def set_argument(name, old, new):
    def change(among):
        args = checks.container(workload(name, among))["args"]
        args[args.index(old)] = new
    return change


@functools.cache
def help_of(name):
    return subprocess.run([BIN / f"imprint-{name}", "--help"], check=True, capture_output=True,
                          text=True).stdout


def test_every_file_fits_kubernetes_schemas(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(documents()))
    subprocess.run([REPOSITORY / ".venv/bin/kubernetes-validate", "--strict", path], check=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_kustomize_renders_what_fits_too(folder, tmp_path):
    if not has_kustomize():
        pytest.skip("no kubectl with kustomize 4.5 or newer here; the plain files were checked")
    path = tmp_path / "all.yaml"
    path.write_text(subprocess.run(["kubectl", "kustomize", K8S / folder], check=True,
                                   capture_output=True, text=True).stdout)
    subprocess.run([REPOSITORY / ".venv/bin/kubernetes-validate", "--strict", path], check=True)
    rendered = list(yaml.safe_load_all(path.read_text()))
    assert {w["metadata"]["name"] for w in checks.workloads(rendered)} == set(SERVICES)
    assert all(checks.container(w)["image"].endswith(":0.1.0") for w in checks.workloads(rendered))
    assert checks.check_services(rendered) == []
    assert pods(rendered) == pods(Kustomization(K8S / folder).documents)


def pods(among):
    """Name → how many, and what is in them."""
    return {w["metadata"]["name"]: (w["spec"]["replicas"], w["spec"]["template"]["spec"])
            for w in checks.workloads(among)}


def complaints_of(among):
    """All that is to say of documents."""
    found = checks.check_services(among) + checks.check_gangs(among)
    for one in checks.workloads(among):
        found += checks.check_flags(one, help_of(one["metadata"]["name"]))
        found += [complaint for check in PER_WORKLOAD for complaint in check(one)]
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_renders_what_fits_without_kubectl(folder, tmp_path):
    rendered = Kustomization(K8S / folder)
    assert rendered.complaints + complaints_of(rendered.documents) == []
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(rendered.documents))
    subprocess.run([REPOSITORY / ".venv/bin/kubernetes-validate", "--strict", path], check=True)
    found = checks.workloads(rendered.documents)
    assert {w["metadata"]["name"] for w in found} == set(SERVICES)
    assert all(checks.container(w)["image"].endswith(":0.1.0") for w in found)


def test_the_small_overlay_changes_what_it_says_and_nothing_else():
    expected = Kustomization(BASE).documents
    for name in ("trainer", "sampler"):
        one = workload(name, expected)
        assert one["spec"]["replicas"] > 1
        one["spec"]["replicas"] = 1
        checks.container(one)["resources"] = {"requests": {"cpu": "1", "memory": "512Mi"},
                                              "limits": {"memory": "7Gi"}}
    assert Kustomization(SMALL).documents == expected


def test_the_gpu_overlay_changes_what_it_says_and_nothing_else():
    expected = Kustomization(BASE).documents
    for name in ("trainer", "sampler"):
        one = workload(name, expected)
        checks.container(one)["image"] = f"imprint-{name}-gpu:0.1.0"
        checks.container(one)["args"].append("--device=cuda")
        checks.container(one)["resources"] = {
            "requests": {"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "1"},
            "limits": {"memory": "16Gi", "nvidia.com/gpu": "1"}}
        one["spec"]["template"]["spec"].update(
            nodeSelector={"nvidia.com/gpu.present": "true"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}])
    trainer = workload("trainer", expected)
    set_argument("trainer", "--rank-memory-mb=6144", "--rank-memory-mb=12288")(expected)
    checks.container(trainer)["volumeMounts"].append({"name": "shm", "mountPath": "/dev/shm"})
    trainer["spec"]["template"]["spec"]["volumes"].append(
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}})
    assert Kustomization(GPU).documents == expected


def set_operation(patch=0, operation=0, **changes):
    """Changes an operation of an overlay's patch."""
    def change(fields):
        operations = yaml.safe_load(fields["patches"][patch]["patch"])
        operations[operation].update(changes)
        fields["patches"][patch]["patch"] = yaml.safe_dump(operations)
    return change


def put_into_file(fields):
    del fields["patches"][0]["patch"]
    fields["patches"][0]["path"] = "resources.yaml"


RESOURCES = "/spec/template/spec/containers/0/resources"
BROKEN_KUSTOMIZATIONS = {
    "resources: no ../../bsae": ("overlays/small", lambda f: f.update(resources=["../../bsae"])),
    "kustomization.yaml: there is none": (
        "overlays/small", lambda f: f.update(resources=["../../base", ".."])),
    "resources: no trainr.yaml": ("base", lambda f: f["resources"].append("trainr.yaml")),
    "images: nothing uses imprint-trainr": ("base", lambda f: f["images"][2].update(name="imprint-trainr")),
    "replicas: no trainr": ("overlays/small", lambda f: f["replicas"][0].update(name="trainr")),
    "patches: no StatefulSet samplr": (
        "overlays/small", lambda f: f["patches"][0]["target"].update(name="(trainer|samplr)")),
    "patches: no Deployment trainer": (
        "overlays/small", lambda f: f["patches"][0]["target"].update(kind="Deployment")),
    "patches: no resources.yaml": ("overlays/small", put_into_file),
    f"patches: replace {RESOURCES}s of StatefulSet trainer": (
        "overlays/small", set_operation(path=RESOURCES + "s")),
    "containers/1/resources of StatefulSet sampler": (
        "overlays/small", set_operation(path=RESOURCES.replace("0", "1"))),
    "patches: repalce": ("overlays/small", set_operation(op="repalce")),
    "requests 8Gi of memory": (
        "overlays/small", set_operation(value={"requests": {"memory": "8Gi"}, "limits": {"memory": "7Gi"}})),
    "a rank may take 6144 MiB, the pod 4Gi": (
        "overlays/small", set_operation(value={"requests": {"memory": "1Gi"}, "limits": {"memory": "4Gi"}})),
    "trainer: resources is not": ("overlays/small", set_operation(value={"limts": {"memory": "7Gi"}})),
    "patchs is not known": ("overlays/small", lambda f: f.update(patchs=f.pop("patches"))),
    "images: newNam is not known": ("overlays/gpu", lambda f: f["images"][0].update(newNam="x")),
    "no stage builds imprint-trainer-gpus:0.1.0": (
        "overlays/gpu", lambda f: f["images"][0].update(newName="imprint-trainer-gpus")),
    "patches: test /spec/template/spec/containers/0/args/8 of StatefulSet trainer": (
        "overlays/gpu", set_operation(patch=1, path="/spec/template/spec/containers/0/args/8")),
    "patches: add /spec/template/spec/volume/- of StatefulSet trainer": (
        "overlays/gpu", set_operation(patch=1, operation=2, path="/spec/template/spec/volume/-")),
    "no flag --devise": ("overlays/gpu", set_operation(operation=2, value="--devise=cuda")),
}


@pytest.mark.parametrize("complaint", BROKEN_KUSTOMIZATIONS)
def test_a_broken_kustomization_is_complained_of(complaint, tmp_path):
    folder, change = BROKEN_KUSTOMIZATIONS[complaint]
    copied = shutil.copytree(K8S, tmp_path / "k8s")
    path = copied / folder / "kustomization.yaml"
    fields = yaml.safe_load(path.read_text())
    change(fields)
    path.write_text(yaml.safe_dump(fields))
    rendered = Kustomization(copied / ("overlays/small" if folder == "base" else folder))
    found = rendered.complaints + complaints_of(rendered.documents)
    assert any(complaint in each for each in found), found


BROKEN = {
    "no flag --dta": set_argument("gateway", "--data=/data", "--dta=/data"),
    "declares": set_argument("registry", "--listen=0.0.0.0:50051", "--listen=0.0.0.0:50055"),
    "Probe asks port": lambda d: checks.container(workload("sampler", d))["readinessProbe"].update(
        grpc={"port": 1}),
    "scraped at": lambda d: workload("trainer", d)["spec"]["template"]["metadata"]["annotations"].update(
        {"prometheus.io/port": "1"}),
    "not scraped": lambda d: workload("trainer", d)["spec"]["template"]["metadata"]["annotations"].pop(
        "prometheus.io/scrape"),
    "not on a volume": set_argument("trainer", "--work-folder=/work", "--work-folder=/models"),
    "is no volume": lambda d: workload("registry", d)["spec"].pop("volumeClaimTemplates"),
    "capabilities": lambda d: checks.container(workload("gateway", d))["securityContext"].pop(
        "capabilities"),
    "a rank may take": set_argument("trainer", "--rank-memory-mb=6144", "--rank-memory-mb=7168"),
    "grace period": set_argument("sampler", "--drain-seconds=60", "--drain-seconds=75"),
    "recipe's user": lambda d: workload("trainer", d)["spec"]["template"]["spec"][
        "securityContext"].update(runAsUser=1),
    "no stage builds": lambda d: checks.container(workload("trainer", d)).update(image="imprint-x:1"),
    "no such service": set_argument("gateway", "--registry=registry:50051", "--registry=regstry:50051"),
    "no such port": set_argument("gateway", "--registry=registry:50051", "--registry=registry:1"),
    "not headless": lambda d: next(s for s in d if s["kind"] == "Service" and s["metadata"][
        "name"] == "trainer")["spec"].pop("clusterIP"),
    "is no image for GPUs": set_argument("trainer", "--rank-threads=2", "--device=cuda"),
    "ranks do not reach each other at port 32768": lambda d: d.remove(policy("gangs", d)),
    "ranks do not reach each other at port 60000": lambda d: gang_rule(d)["ports"][1].update(endPort=59999),
    "ranks reach trainers at port 50051": lambda d: gang_rule(d)["ports"][0].update(endPort=50051),
    "gateway reaches ranks": lambda d: gang_rule(d)["from"].append({"podSelector": {
        "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": ["gateway"]}]}}),
    "sampler reaches ranks": lambda d: gang_rule(d)["from"].append({"podSelector": {}}),
    "registry reaches ranks": lambda d: gang_rule(d).pop("from"),
    "a stranger reaches ranks at port 32768": lambda d: gang_rule(d)["from"][0].update(
        namespaceSelector={}),
    "a stranger reaches ranks at port 40000": lambda d: policy("metrics", d)["spec"]["ingress"][0][
        "ports"].append({"port": 40000}),
    "a stranger reaches ranks at port": lambda d: [d.remove(each) for each in list(d)
                                                   if each["kind"] == "NetworkPolicy"],
}


def policy(name, among):
    return next(d for d in among if d["kind"] == "NetworkPolicy" and d["metadata"]["name"] == name)


def gang_rule(among):
    return policy("gangs", among)["spec"]["ingress"][0]


@pytest.mark.parametrize("complaint", BROKEN)
def test_what_is_broken_is_complained_of(complaint):
    broken = documents()
    BROKEN[complaint](broken)
    found = complaints_of(broken)
    assert any(complaint in each for each in found), found


def add_argument(name, argument):
    return lambda among: checks.container(workload(name, among))["args"].append(argument)


def set_resource(name, kind, **changes):
    return lambda among: checks.container(workload(name, among))["resources"][kind].update(changes)


def pod_of(name, among):
    return workload(name, among)["spec"]["template"]["spec"]


BROKEN_ON_GPUS = {
    "trainer: nvidia.com/gpu is ['2', '2']": lambda d: [
        set_resource("trainer", kind, **{"nvidia.com/gpu": "2"})(d) for kind in ("requests", "limits")],
    "sampler: nvidia.com/gpu is ['1', None]": lambda d: checks.container(workload("sampler", d))[
        "resources"]["limits"].pop("nvidia.com/gpu"),
    "sampler: nvidia.com/gpu is [None, None]": lambda d: [
        resources.pop("nvidia.com/gpu") for resources in checks.container(workload("sampler", d))[
            "resources"].values()],
    "trainer: --device is ['auto']": set_argument("trainer", "--device=cuda", "--device=auto"),
    "sampler: --device is None": lambda d: checks.container(workload("sampler", d))["args"].remove(
        "--device=cuda"),
    "sampler: imprint-sampler is no image for GPUs": lambda d: checks.container(
        workload("sampler", d)).update(image="imprint-sampler:0.1.0"),
    "trainer: ['2'] slots share a GPU": add_argument("trainer", "--slots=2"),
    "sampler: may land where there is no GPU": lambda d: pod_of("sampler", d).pop("nodeSelector"),
    "trainer: does not tolerate GPU nodes": lambda d: pod_of("trainer", d)["tolerations"][0].update(
        effect="NoExecute"),
    "trainer: NCCL's /dev/shm is not memory": lambda d: pod_of("trainer", d)["volumes"][-1].update(
        emptyDir={}),
    "trainer: NCCL's /dev/shm": lambda d: checks.container(workload("trainer", d))["volumeMounts"].pop(),
    "trainer: a rank may take 15360 MiB": set_argument(
        "trainer", "--rank-memory-mb=12288", "--rank-memory-mb=15360"),
    "trainer: grace period": lambda d: pod_of("trainer", d).update(terminationGracePeriodSeconds=60),
    "not headless": lambda d: next(s for s in d if s["kind"] == "Service" and s["metadata"][
        "name"] == "trainer")["spec"].pop("clusterIP"),
}


@pytest.mark.parametrize("complaint", BROKEN_ON_GPUS)
def test_what_is_broken_on_gpu_nodes_is_complained_of(complaint):
    broken = Kustomization(GPU).documents
    BROKEN_ON_GPUS[complaint](broken)
    found = complaints_of(broken)
    assert any(complaint in each for each in found), found


def here(argument, folder):
    """An argument of a manifest, for this machine: loopback, and folders of the test's own."""
    name, _, value = argument.partition("=")
    if name.endswith("listen"):
        return f"{name}=127.0.0.1:0"
    if value.startswith("/"):
        (folder / value[1:]).mkdir(parents=True, exist_ok=True)
        return f"{name}={folder}{value}"
    value = value.replace("$(POD_NAME)", "pod-0")
    if name == "--registry":
        return f"{name}=127.0.0.1:1"
    if name == "--device":
        return f"{name}=cpu"
    if name in ("--drain-delay-seconds", "--drain-seconds"):
        return f"{name}=1"
    return f"{name}={value}" if value else name


@pytest.mark.parametrize("folder, name", [*(("base", name) for name in SERVICES),
                                          *(("overlays/gpu", name) for name in ("trainer", "sampler"))])
def test_each_binary_runs_with_its_manifests_arguments(folder, name):
    arguments = checks.container(workload(name, Kustomization(K8S / folder).documents))["args"]
    with tempfile.TemporaryDirectory() as made:
        scratch = pathlib.Path(made)
        addresses = scratch / "addresses.json"
        log = (scratch / "log").open("w+")
        process = subprocess.Popen(
            [BIN / f"imprint-{name}", *(here(a, scratch) for a in arguments),
             f"--address-file={addresses}"], stderr=log, env={**os.environ, "TMPDIR": str(scratch)})
        try:
            def ready():
                assert process.poll() is None, (scratch / "log").read_text()
                return addresses.exists()

            wait_for(f"{name} is ready", ready)
            bound = json.loads(addresses.read_text())
            assert urllib.request.urlopen(f"http://{bound['metrics']}/metrics").status == 200
            with grpc.insecure_channel(bound["health"], options=[("grpc.enable_http_proxy", 0)]) as channel:
                check = channel.unary_unary("/grpc.health.v1.Health/Check")
                assert check(b"", timeout=10) == b"\x08\x01"  # SERVING
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@functools.cache
def dependencies():
    """Package → what it depends on, of all that is installed here."""
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Pre-Depends},${Depends}\n"], check=True,
                          capture_output=True, text=True).stdout
    return {package: [word.split()[0].split(":")[0] for word in re.split(r"[,|]", depends) if word.strip()]
            for package, _, depends in (line.partition("\t") for line in said.splitlines())}


def closure(wanted):
    """Packages with all that they depend on, as they are installed here."""
    found, left = set(), list(wanted)
    while left:
        package = left.pop()
        if package not in found and package in dependencies():
            found.add(package)
            left += dependencies()[package]
    return found


def owners(paths):
    """Path → the package that it is of."""
    # Packages name files as they did before /lib became a link to /usr/lib.
    names = [name for path in paths for name in (path, path.removeprefix("/usr"))]
    said = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True).stdout
    found = {}
    for line in said.splitlines():
        package, _, path = line.partition(": ")
        found[path if path.startswith("/usr") else "/usr" + path] = package.partition(":")[0]
    return found


PLUGIN = "libimprint_cuda.so"
# Libraries that others name, for what nobody here does: profiling, and files of other machines.
NOT_OPENED = {"libnvperf_host.so", "libcufile_rdma.so.1"}


@functools.cache
def wheels_libraries():
    """Name → where LibTorch's and CUDA's wheels have it here."""
    return {path.name: path for pattern in ("torch/lib/*.so*", "nvidia/*/lib/*.so*")
            for path in WHEELS.glob(pattern)}


@functools.cache
def linked(path):
    """What a file links, with all that that links: (library, its path), "" if there is none here."""
    said = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    return {(library, os.path.realpath(path)) for library, path in re.findall(r"(\S+) => (\S+) \(", said)
            } | {(library, "") for library in re.findall(r"(\S+) => not found", said)}


@functools.cache
def opened(path):
    """The wheels' libraries that a library of theirs has the names of, to be opened when they are needed."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content:
        named = {name.decode() for name in re.findall(rb"\0(lib[\w-]+\.so[.\d]*)(?=\0)", content)}
    return {library for library in wheels_libraries() for name in named
            if library == name or library.startswith(name + ".")} - NOT_OPENED


def missing_libraries(recipe, stage):
    """Libraries that a stage's programs and libraries link or open, and that its image would not hold."""
    there = closure(checks.packages(recipe, stage) | {"libc6"})
    copied = [path for pattern in checks.libraries(recipe, stage) for path in WHEELS.glob(pattern)]
    # The plug-in is built where there is a CUDA Toolkit.
    ours = [BIN / name for name in checks.programs(recipe, stage) if name != PLUGIN or (BIN / name).exists()]
    libraries = {library for file in (*ours, *copied) for library in linked(file)}
    system = {(name, path) for name, path in libraries if WHEELS not in pathlib.Path(path).parents}
    wanted = {name for name, path in libraries - system} | {name for path in copied for name in opened(path)}
    owned = owners([path for _, path in system])
    return (wanted - {path.name for path in copied}) | {
        f"{name} of {owned.get(path, path)}" for name, path in system if owned.get(path) not in there}


def skip_without_cuda():
    if not {"libcublas.so.13", "libnccl.so.2"} <= wheels_libraries().keys():
        pytest.skip("LibTorch is here without CUDA's libraries, which scripts/setup --peers brings")


@pytest.mark.parametrize("stage", [*SERVICES, "trainer-gpu", "sampler-gpu"])
def test_the_recipe_installs_every_library(stage):
    if stage.endswith("-gpu"):
        skip_without_cuda()
        assert checks.check_gpu_recipe(RECIPE, stage) == []
    assert missing_libraries(RECIPE, stage) == set()


# What is taken out of the recipe, or put in its place → what is said of the trainer's image for GPUs.
BROKEN_RECIPES = {
    " nvidia/nccl/lib/libnccl.so.2": ("", "libnccl.so.2"),
    " nvidia/nvshmem/lib/libnvshmem_host.so.3": ("", "libnvshmem_host.so.3"),
    " nvidia/cu13/lib/libnvJitLink.so.13": ("", "libnvJitLink.so.13"),
    " nvidia/cu13/lib/libnvrtc-builtins.so.13.0": ("", "libnvrtc-builtins.so.13.0"),
    " nvidia/cudnn/lib/libcudnn*.so.9": (" nvidia/cudnn/lib/libcudnn.so.9", "libcudnn_graph.so.9"),
    " torch/lib/libtorch_cuda_linalg.so": ("", "libtorch_cuda_linalg.so"),
    " torch/lib/libtorch_cuda.so": ("", "trainer-gpu: no libtorch_cuda.so"),
    " torch/lib/libc10_cuda.so": (" nvidia/cu13/lib/libcuda.so.1", "libcuda.so.1 is the driver's"),
    "COPY --from=cuda /src/build/release/bin/libimprint_cuda.so /usr/bin/\n": (
        "", "no libimprint_cuda.so beside imprint-rank"),
    "ENV NVIDIA_VISIBLE_DEVICES=all\n": ("", "NVIDIA_VISIBLE_DEVICES=all is not set"),
    "=compute,utility\n": ("=compute\n", "NVIDIA_DRIVER_CAPABILITIES=compute,utility is not set"),
    " libgrpc++1.51": ("", "libgrpc++.so.1.51 of libgrpc++1.51"),
}


@pytest.mark.parametrize("old", BROKEN_RECIPES)
def test_a_broken_recipe_is_complained_of(old):
    skip_without_cuda()
    new, complaint = BROKEN_RECIPES[old]
    assert RECIPE.count(old) == 1
    broken = RECIPE.replace(old, new)
    found = {*checks.check_gpu_recipe(broken, "trainer-gpu"), *missing_libraries(broken, "trainer-gpu")}
    assert any(complaint in each for each in found), found


@pytest.mark.parametrize("stage,program", [("trainer-gpu", "imprint-rank"), ("sampler-gpu", "imprint-sampler")])
def test_the_plugin_is_what_they_look_for(stage, program):
    assert PLUGIN in checks.programs(RECIPE, stage)
    assert PLUGIN.encode() in (BIN / program).read_bytes()
    without = RECIPE.replace(f"COPY --from=cuda /src/build/release/bin/{PLUGIN} /usr/bin/\n", "")
    assert f"{stage}: no {PLUGIN} beside {program}" in checks.check_gpu_recipe(without, stage)


def wrong_versions(pinned):
    """Where scripts/requirements-cuda.txt is not what this PyTorch asks for."""
    asked = dict(found for package in ("torch", "cuda-toolkit")
                 for line in importlib.metadata.requires(package)
                 for found in re.findall(r"(nvidia-[\w-]+)==([\d.]*\d)", line))
    return [f"{name}: {version}, PyTorch asks for {asked.get(name)}"
            for name, version in re.findall(r"(?m)^(nvidia-[\w-]+)==(\S+)$", pinned)
            if asked.get(name) != version]


def test_cudas_wheels_are_those_that_pytorch_asks_for():
    skip_without_cuda()
    assert wrong_versions(CUDA_WHEELS) == []
    assert wrong_versions(CUDA_WHEELS.replace("nccl-cu13==2.28.9", "nccl-cu13==2.29.0")) == [
        "nvidia-nccl-cu13: 2.29.0, PyTorch asks for 2.28.9"]
    assert wrong_versions("nvidia-npy==1.0\n") == ["nvidia-npy: 1.0, PyTorch asks for None"]
