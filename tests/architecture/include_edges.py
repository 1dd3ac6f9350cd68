"""Fails on an #include that crosses folders where tests/architecture/edges.txt allows none, on a folder
that the list does not know, on a cycle in the list, on LibTorch where it must not be, and on a namespace that
is another part's."""

import pathlib
import re
import sys

NAMESPACE = re.compile(r"^namespace (imprint(?:::\w+)?) \{", re.MULTILINE)
# The parts that have a namespace of their own; all else is imprint.
PARTS = {"engine": "engine", "gateway": "gateway", "services/node": "node", "services/rank": "rank",
         "services/registry": "registry", "services/sampler": "sampler", "services/trainer": "trainer", "sets": "sets",
         "cli": "cli"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
TORCH = ("ATen/", "torch/", "c10/")
# Headers of the engine that services and tools include without LibTorch.
TORCH_FREE_HEADERS = {
    "engine/collective/collective_use.h", "engine/collective/gang_door.h", "engine/collective/gang_place.h",
    "engine/collective/join_gang.h", "engine/cuda/device_graph.h", "engine/cuda/device_memory.h",
    "engine/cuda/open_plugin.h", "engine/cuda/prepare_device.h", "engine/devices/cuda_driver.h",
    "engine/devices/device_facts.h", "engine/model/base_model.h", "engine/model/safety_scores.h",
    "engine/sampling/batch_trial.h", "engine/sampling/drawing_order.h", "engine/sampling/picture_request.h", "engine/sampling/prompt_reading.h",
    "engine/sampling/sampler.h", "engine/sampling/shared_batch.h", "engine/scoring/clip_scorer.h",
    "engine/scoring/safety_screen.h", "engine/torch/device_check.h", "engine/torch/freed_memory.h",
    "engine/torch/memory_budget.h", "engine/torch/threads.h", "engine/torch/torch_errors.h",
    "engine/training/checkpoint.h", "engine/training/memory_trial.h", "engine/training/training_input.h",
    "engine/training/training_run.h",
}
ROOTS = ("base", "formats", "text", "imaging", "orders", "sets", "engine", "cli", "rpc", "storage", "services", "gateway")


def read_edges(path):
    edges = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            folder, _, allowed = line.partition(":")
            edges[folder] = set(allowed.split())
    return edges


def folder_of(path, edges):
    """The listed folder that a file or header belongs to: the longest that begins its path."""
    folders = [f for f in edges if str(path).startswith(f + "/")]
    return max(folders, key=len, default=None)


def cycles(edges):
    def reaches(start, goal, seen):
        return any(n == goal or (n not in seen and reaches(n, goal, seen | {n}))
                   for n in edges.get(start, ()))

    return [f"edges.txt: {folder} reaches itself" for folder in edges
            if reaches(folder, folder, frozenset())]


def namespace_of(path):
    part = next((part for part in PARTS if str(path).startswith(part + "/")), None)
    return f"imprint::{PARTS[part]}" if part else "imprint"


def foreign_namespaces(path, text):
    """Namespaces that the file opens for more than to name a class (which is on one line by itself)."""
    own = namespace_of(path)
    opened = NAMESPACE.findall(re.sub(r"^namespace imprint \{\n((class|struct) \w+;\n)+\}", "", text,
                                      flags=re.MULTILINE))
    return [f"{path}: opens {name}; its part's is {own}" for name in opened if name != own]


def problems_in(path, text, edges):
    """What is wrong with the includes of one source file, given by its path in the repository."""
    folder = folder_of(path, edges)
    if folder is None:
        return [f"{path}: its folder is not in edges.txt"]
    found = foreign_namespaces(path, text)
    is_test = path.name.endswith("_test.cc")
    torch_free = not str(path).startswith("engine/") or str(path) in TORCH_FREE_HEADERS
    for bracket, header in INCLUDE.findall(text):
        if bracket == '"' and header.split("/")[0] in ROOTS:
            target = folder_of(header, edges)
            # Tests may use what makes test data: they are no part of the product.
            if target not in edges[folder] | {folder} and not is_test:
                found.append(f"{path}: {folder} may not include {header}")
            if str(path) in TORCH_FREE_HEADERS and header.startswith("engine/") \
                    and header not in TORCH_FREE_HEADERS:
                found.append(f"{path}: {header} may bring in LibTorch")
        if header.startswith(TORCH) and torch_free:
            found.append(f"{path}: {header} does not belong here; the engine alone knows LibTorch")
    return found


def included(edges, repository):
    """Every folder with those that its sources include, tests aside."""
    found = {folder: set() for folder in edges}
    for root in ROOTS:
        for file in sorted((repository / root).rglob("*")):
            if file.suffix not in (".h", ".cc") or file.name.endswith("_test.cc"):
                continue
            folder = folder_of(file.relative_to(repository), edges)
            for bracket, header in INCLUDE.findall(file.read_text()):
                target = folder_of(header, edges) if bracket == '"' else None
                if target and target != folder:
                    found[folder].add(target)
    return found


def unused(edges, repository):
    """Edges that no source needs."""
    used = included(edges, repository)
    return [f"edges.txt: {folder} includes nothing of {other}" for folder in edges
            for other in sorted(edges[folder] - used[folder])]


def problems(repository):
    edges = read_edges(repository / "tests" / "architecture" / "edges.txt")
    found = cycles(edges) + unused(edges, repository)
    for root in ROOTS:
        for file in sorted((repository / root).rglob("*")):
            if file.suffix in (".h", ".cc"):
                path = file.relative_to(repository)
                found += problems_in(path, file.read_text(), edges)
    for header in sorted(TORCH_FREE_HEADERS):
        if not (repository / header).exists():
            found.append(f"include_edges.py: {header} does not exist")
    return found


if __name__ == "__main__":
    found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) or "every include follows the edges")
    sys.exit(1 if found else 0)
