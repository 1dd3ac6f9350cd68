"""deploy/k8s and deploy/docker against Kubernetes' schemas and against the binaries."""

import copy
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
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
FOLDERS = ["base", *(str(f.parent.relative_to(K8S)) for f in K8S.glob("overlays/*/kustomization.yaml"))]
RECIPE = (REPOSITORY / "deploy" / "docker" / "Dockerfile").read_text()
SERVICES = ("gateway", "registry", "sampler", "trainer")
PER_WORKLOAD = (checks.check_ports, checks.check_paths, checks.check_security, checks.check_memory,
                checks.check_grace, functools.partial(checks.check_recipe, recipe=RECIPE))


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


def complaints_of(rendered):
    """All that is to say of what a Kustomization renders, but for flags, which no overlay changes."""
    found = rendered.complaints + checks.check_services(rendered.documents)
    return found + [complaint for one in checks.workloads(rendered.documents) for check in PER_WORKLOAD
                    for complaint in check(one)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_renders_what_fits_without_kubectl(folder, tmp_path):
    rendered = Kustomization(K8S / folder)
    assert complaints_of(rendered) == []
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


def set_operation(**changes):
    """Changes the small overlay's one operation."""
    def change(fields):
        operations = yaml.safe_load(fields["patches"][0]["patch"])
        operations[0].update(changes)
        fields["patches"][0]["patch"] = yaml.safe_dump(operations)
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
}


@pytest.mark.parametrize("complaint", BROKEN_KUSTOMIZATIONS)
def test_a_broken_kustomization_is_complained_of(complaint, tmp_path):
    folder, change = BROKEN_KUSTOMIZATIONS[complaint]
    copied = shutil.copytree(K8S, tmp_path / "k8s")
    path = copied / folder / "kustomization.yaml"
    fields = yaml.safe_load(path.read_text())
    change(fields)
    path.write_text(yaml.safe_dump(fields))
    found = complaints_of(Kustomization(copied / "overlays" / "small"))
    assert any(complaint in each for each in found), found


@pytest.mark.parametrize("name", SERVICES)
def test_manifest_recipe_and_binary_agree(name):
    one = workload(name)
    complaints = checks.check_flags(one, help_of(name))
    for check in PER_WORKLOAD:
        complaints += check(one)
    assert complaints == []


def test_services_and_addresses_agree():
    assert checks.check_services(documents()) == []


def break_it(change):
    broken = copy.deepcopy(documents())
    change(broken)
    return broken


def set_argument(name, old, new):
    def change(among):
        args = checks.container(workload(name, among))["args"]
        args[args.index(old)] = new
    return change


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
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_what_is_broken_is_complained_of(complaint):
    broken = break_it(BROKEN[complaint])
    found = checks.check_services(broken)
    for name in SERVICES:
        one = workload(name, broken)
        found += checks.check_flags(one, help_of(name))
        for check in PER_WORKLOAD:
            found += check(one)
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
    if name in ("--drain-delay-seconds", "--drain-seconds"):
        return f"{name}=1"
    return f"{name}={value}" if value else name


@pytest.mark.parametrize("name", SERVICES)
def test_each_binary_runs_with_its_manifests_arguments(name):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        addresses = folder / "addresses.json"
        log = (folder / "log").open("w+")
        process = subprocess.Popen(
            [BIN / f"imprint-{name}", *(here(a, folder) for a in checks.container(workload(name))["args"]),
             f"--address-file={addresses}"], stderr=log, env={**os.environ, "TMPDIR": scratch})
        try:
            def ready():
                assert process.poll() is None, (folder / "log").read_text()
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


@pytest.mark.parametrize("binary, stage", [*((s, s) for s in SERVICES), ("rank", "trainer")])
def test_the_recipe_installs_every_library(binary, stage):
    there = closure(checks.packages(RECIPE, stage) | {"libc6"})
    copied = re.findall(r" (?:torch|nvidia/cu13)/lib/(\S+)", RECIPE)
    linked = subprocess.run(["ldd", BIN / f"imprint-{binary}"], check=True, capture_output=True,
                            text=True).stdout
    found = re.findall(r"(\S+) => (\S+) \(", linked)
    libraries = {library: os.path.realpath(path) for library, path in found}
    missing = {name for name, path in libraries.items() if "/site-packages/" in path and name not in copied}
    system = {name: path for name, path in libraries.items() if "/site-packages/" not in path}
    owned = owners(system.values())
    missing |= {f"{name} of {owned.get(path, path)}" for name, path in system.items()
                if owned.get(path) not in there}
    assert missing == set()
