"""What must hold between manifests, container recipes and binaries. Each check takes parsed documents and
gives the complaints that it has, none if all is well."""

import re

from network_policy import callers_of

CONTAINER_PORTS = {"grpc": "listen", "health": "health-listen", "metrics": "metrics-listen"}
GPU = "nvidia.com/gpu"
# What Linux gives to whoever asks for any port, unless a node was told otherwise.
EPHEMERAL_PORTS = range(32768, 61000)


def workloads(documents):
    return [d for d in documents if d["kind"] in ("StatefulSet", "Deployment")]


def container(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]


def arguments(workload):
    """Flag → values: ["--a=1", "--b"] is {"a": ["1"], "b": [None]}."""
    found = {}
    for argument in container(workload)["args"]:
        name, _, value = argument.removeprefix("--").partition("=")
        found.setdefault(name, []).append(value if "=" in argument else None)
    return found


def port_of(address):
    return int(address.rpartition(":")[2])


def check_flags(workload, help_text):
    """Every flag of the manifest is one that the binary has."""
    known = set(re.findall(r"(?m)^  --([a-z-]+)", help_text))
    return [f"{workload['metadata']['name']}: no flag --{name}"
            for name in arguments(workload) if name not in known]


def check_ports(workload):
    """Ports that are declared, opened, probed and scraped are the same ports."""
    name, flags = workload["metadata"]["name"], arguments(workload)
    declared = {p["name"]: p["containerPort"] for p in container(workload)["ports"]}
    opened = {port: port_of(flags[flag][0]) for port, flag in CONTAINER_PORTS.items() if flag in flags}
    complaints = []
    if declared != opened:
        complaints.append(f"{name}: declares {declared}, opens {opened}")
    for probe in ("startupProbe", "readinessProbe"):
        port = container(workload).get(probe, {}).get("grpc", {}).get("port")
        if port != opened.get("health"):
            complaints.append(f"{name}: {probe} asks port {port}, health is on {opened.get('health')}")
    if container(workload).get("livenessProbe", {}).get("tcpSocket", {}).get("port") not in declared:
        complaints.append(f"{name}: livenessProbe asks a port that is not declared")
    notes = workload["spec"]["template"]["metadata"].get("annotations", {})
    scraped = notes.get("prometheus.io/port")
    if notes.get("prometheus.io/scrape") != "true":
        complaints.append(f"{name}: not scraped")
    if scraped != str(opened.get("metrics")) or notes.get("prometheus.io/path") != "/metrics":
        complaints.append(f"{name}: scraped at {scraped}, metrics are on {opened.get('metrics')}")
    return complaints


def check_services(documents):
    """Services point at pods and ports that are there, and addresses in flags at Services."""
    complaints = []
    services = {d["metadata"]["name"]: d for d in documents if d["kind"] == "Service"}
    by_label = {w["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"]: w
                for w in workloads(documents)}
    for name, service in services.items():
        pods = by_label.get(service["spec"]["selector"]["app.kubernetes.io/name"])
        if pods is None:
            complaints.append(f"service {name}: selects no pods")
            continue
        declared = {p["name"] for p in container(pods)["ports"]}
        complaints += [f"service {name}: {p['targetPort']} is no port of its pods"
                       for p in service["spec"]["ports"] if p["targetPort"] not in declared]
    for workload in workloads(documents):
        for flag, values in arguments(workload).items():
            for value in values:
                target = re.fullmatch(r"(dns:)?([a-z-]+):(\d+)", value or "")
                if target is None:
                    continue
                service = services.get(target[2])
                where = f"{workload['metadata']['name']}: --{flag}={value}"
                if service is None:
                    complaints.append(f"{where}: no such service")
                elif int(target[3]) not in [p["port"] for p in service["spec"]["ports"]]:
                    complaints.append(f"{where}: the service has no such port")
                elif target[1] and service["spec"].get("clusterIP") != "None":
                    complaints.append(f"{where}: the service is not headless")
    return complaints


def check_paths(workload):
    """Every path in a flag is on a volume; nothing is written beside volumes."""
    name = workload["metadata"]["name"]
    mounts = {m["mountPath"]: m for m in container(workload)["volumeMounts"]}
    pod = workload["spec"]["template"]["spec"]
    volumes = {v["name"] for v in pod.get("volumes", [])}
    volumes |= {c["metadata"]["name"] for c in workload["spec"].get("volumeClaimTemplates", [])}
    complaints = [f"{name}: mounts {m['name']}, which is no volume" for m in mounts.values()
                  if m["name"] not in volumes]
    for flag, values in arguments(workload).items():
        for value in values:
            if (value or "").startswith("/"):
                mount = mounts.get(value)
                if mount is None or mount.get("readOnly") and flag != "models-root":
                    complaints.append(f"{name}: --{flag}={value} is not on a volume to write to")
    return complaints


def check_security(workload):
    """The restricted Pod Security Standard, and no credentials that nobody needs."""
    name, pod = workload["metadata"]["name"], workload["spec"]["template"]["spec"]
    own = container(workload).get("securityContext", {})
    wanted = {
        "runAsNonRoot": pod.get("securityContext", {}).get("runAsNonRoot") is True,
        "seccompProfile": pod.get("securityContext", {}).get("seccompProfile") ==
        {"type": "RuntimeDefault"},
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,
        "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
        "automountServiceAccountToken": pod.get("automountServiceAccountToken") is False,
        "resources": "memory" in container(workload).get("resources", {}).get("limits", {}),
    }
    return [f"{name}: {field} is not as it must be" for field, good in wanted.items() if not good]


def bytes_of(quantity):
    """Kubernetes' 512Mi in bytes."""
    number, unit = re.fullmatch(r"(\d+)([KMG]i)?", str(quantity)).groups()
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[unit]


def volumes(workload):
    """Path → the volume that is mounted there."""
    found = {v["name"]: v for v in workload["spec"]["template"]["spec"].get("volumes", [])}
    return {m["mountPath"]: found.get(m["name"], {}) for m in container(workload)["volumeMounts"]}


def check_memory(workload):
    """Nothing asks for more memory than it may have; a rank that takes too much ends before its pod does, of
    whose memory volumes in memory are a part."""
    name = workload["metadata"]["name"]
    resources = container(workload).get("resources", {})
    requested, limit = (resources.get(kind, {}).get("memory", 0) for kind in ("requests", "limits"))
    complaints = []
    if not 0 < bytes_of(requested) <= bytes_of(limit):
        complaints.append(f"{name}: requests {requested} of memory, the limit is {limit}")
    in_memory = [v["emptyDir"] for v in volumes(workload).values()
                 if v.get("emptyDir", {}).get("medium") == "Memory"]
    left = bytes_of(limit) - sum(bytes_of(v.get("sizeLimit", limit)) for v in in_memory)
    for value in arguments(workload).get("rank-memory-mb", []):
        if int(value) << 20 >= left:
            complaints.append(f"{name}: a rank may take {value} MiB, the pod {limit}")
    return complaints


def check_gpu(workload):
    """A pod with a GPU has one, computes on it in one process, and lands where there are GPUs; any other pod
    has no image that would take what GPUs it finds."""
    name, flags = workload["metadata"]["name"], arguments(workload)
    pod, resources = workload["spec"]["template"]["spec"], container(workload).get("resources", {})
    asked = [resources.get(kind, {}).get(GPU) for kind in ("requests", "limits")]
    image = container(workload)["image"].partition(":")[0]
    if asked == [None, None] and "device" not in flags and not image.endswith("-gpu"):
        return []
    wanted = {
        f"{GPU} is {asked}, not 1 of each pod": asked == ["1", "1"],
        f"--device is {flags.get('device')}, not cuda": flags.get("device") == ["cuda"],
        f"{image} is no image for GPUs": image.endswith("-gpu"),
        f"{flags.get('slots')} slots share a GPU": flags.get("slots", ["1"]) == ["1"],
        "may land where there is no GPU":
            pod.get("nodeSelector", {}).get("nvidia.com/gpu.present") == "true",
        "does not tolerate GPU nodes": any(
            t.get("key") == GPU and t.get("operator") == "Exists" and t.get("effect") == "NoSchedule"
            for t in pod.get("tolerations", [])),
    }
    if "rank-memory-mb" in flags:
        shared = volumes(workload).get("/dev/shm", {}).get("emptyDir", {})
        wanted["NCCL's /dev/shm is not memory with a limit"] = (
            shared.get("medium") == "Memory" and "sizeLimit" in shared)
    return [f"{name}: {complaint}" for complaint, good in wanted.items() if not good]


def check_gangs(documents):
    """The ranks of a training reach each other wherever Gloo, NCCL and c10d may listen; nobody else reaches
    them there, and they reach no other trainer's own server."""
    complaints = []
    for trainer in (w for w in workloads(documents) if w["metadata"]["name"] == "trainer"):
        own = {p["containerPort"] for p in container(trainer)["ports"]}
        ranks = set(EPHEMERAL_PORTS) - own
        reached = callers_of(trainer, workloads(documents), documents)
        complaints += [f"trainer: {caller} reaches ranks at port {min(ports & ranks)}"
                       for caller, ports in reached.items() if caller != "trainer" and ports & ranks]
        if ranks - reached["trainer"]:
            complaints.append(
                f"trainer: ranks do not reach each other at port {min(ranks - reached['trainer'])}")
        if reached["trainer"] & own:
            complaints.append(f"trainer: ranks reach trainers at port {min(reached['trainer'] & own)}")
    return complaints


def check_grace(workload):
    """Kubernetes waits for the drain to end."""
    flags = arguments(workload)
    drain = sum(int(flags[f][0]) for f in ("drain-delay-seconds", "drain-seconds"))
    grace = workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    name = workload["metadata"]["name"]
    return [] if grace >= drain + 5 else [f"{name}: grace period {grace} s, drain {drain} s"]


def stages(recipe):
    """Stage → its lines, with those of the stages it is from."""
    found, lines = {}, None
    for line in recipe.replace("\\\n", " ").splitlines():
        if begin := re.match(r"FROM (\S+) AS (\S+)", line):
            lines = list(found.get(begin[1], []))
            found[begin[2]] = lines
        elif lines is not None and line and not line.startswith("#"):
            lines.append(line)
    return found


def check_recipe(workload, recipe):
    """The image that a manifest names runs that binary, as that user."""
    name = workload["metadata"]["name"]
    stage = stages(recipe).get(container(workload)["image"].partition(":")[0].removeprefix("imprint-"))
    if stage is None:
        return [f"{name}: no stage builds {container(workload)['image']}"]
    complaints = []
    if stage[-1] != f'ENTRYPOINT ["/usr/bin/imprint-{name}"]':
        complaints.append(f"{name}: the recipe ends with {stage[-1]}")
    if not any(line.startswith("COPY") and f"bin/imprint-{name} " in line for line in stage):
        complaints.append(f"{name}: the recipe does not copy imprint-{name}")
    user = [line.split()[1] for line in stage if line.startswith("USER")][-1]
    context = workload["spec"]["template"]["spec"]["securityContext"]
    if user != f"{context.get('runAsUser')}:{context.get('runAsGroup')}":
        complaints.append(f"{name}: the recipe's user is {user}")
    return complaints


def check_gpu_recipe(recipe, stage):
    """An image for GPUs holds LibTorch's half for them, our plug-in beside whoever opens it, and no driver; it
    says which parts of the node's own are to be mounted."""
    complaints = []
    lines = stages(recipe)[stage]
    for variable in ("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"):
        if f"ENV {variable}" not in lines:
            complaints.append(f"{stage}: {variable} is not set")
    names = {path.rpartition("/")[2] for path in libraries(recipe, stage)}
    if "libtorch_cuda.so" not in names:
        complaints.append(f"{stage}: no libtorch_cuda.so")
    complaints += [f"{stage}: {name} is the driver's" for name in sorted(names)
                   if re.match(r"libcuda\.|libnvidia-", name)]
    taken = programs(recipe, stage)
    if "libimprint_cuda.so" not in taken:
        complaints += [f"{stage}: no libimprint_cuda.so beside {program}"
                       for program in ("imprint-rank", "imprint-sampler") if program in taken]
    return complaints


def programs(recipe, stage):
    """What a stage takes from our build."""
    return [program for line in stages(recipe)[stage] if line.startswith("COPY --from=") and
            line.endswith(" /usr/bin/") for program in re.findall(r"/src/build/release/bin/(\S+)", line)]


def libraries(recipe, stage):
    """What a stage takes from the wheels of LibTorch and CUDA, as the recipe says it: torch/lib/libc10.so."""
    found = []
    for source, folder in re.findall(r"(?m)^COPY --from=(\S+) (\S+) /opt/imprint/lib$",
                                     "\n".join(stages(recipe)[stage])):
        for line in stages(recipe)[source]:
            if gathered := re.search(rf"&& cp (.*) {folder}/$", line):
                found += gathered[1].split()
    return found


def packages(recipe, stage):
    """Debian packages that a stage installs."""
    found = set()
    for line in stages(recipe)[stage]:
        for listed in re.findall(r"install -y --no-install-recommends ([^&]*)", line):
            found |= set(listed.split())
    return found
