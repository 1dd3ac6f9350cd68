"""What `kubectl kustomize` would make of deploy/k8s, without kubectl: as much of it as the folders there use.

Stricter than kustomize: a replica count, an image or a patch that fits nothing is a complaint, and so is
whatever this reader does not know.
"""

import copy
import re

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "images", "replicas", "patches"}
SCALED = ("StatefulSet", "Deployment")
TARGET_KEYS = {"kind", "name"}
IMAGE_KEYS = {"name", "newName", "newTag"}


class Kustomization:
    """A folder with kustomization.yaml: `documents` as rendered, and `complaints`, none if all is well.

    Counts, images and patches are applied; namespace and labels, which touch everything alike, are not.
    """

    def __init__(self, folder):
        self.folder = folder
        self.complaints = []
        self.documents = []
        path = folder / "kustomization.yaml"
        if not path.is_file():
            self.complain("there is none")
            return
        self.fields = yaml.safe_load(path.read_text())
        for key in self.fields.keys() - KNOWN:
            self.complain(f"{key} is not known here")
        for name in self.fields.get("resources", []):
            self.read(name)
        for image in self.fields.get("images", []):
            self.rename(image)
        for replicas in self.fields.get("replicas", []):
            self.scale(replicas)
        for patch in self.fields.get("patches", []):
            self.patch(patch)

    def complain(self, what):
        self.complaints.append(f"{self.folder.name}/kustomization.yaml: {what}")

    def read(self, name):
        path = self.folder / name
        if path.is_dir():
            base = Kustomization(path.resolve())
            self.documents += base.documents
            self.complaints += base.complaints
        elif path.is_file():
            self.documents += yaml.safe_load_all(path.read_text())
        else:
            self.complain(f"resources: no {name}")

    def rename(self, image):
        for key in image.keys() - IMAGE_KEYS:
            self.complain(f"images: {key} is not known here")
        used = [c for d in self.documents if d["kind"] in SCALED
                for c in d["spec"]["template"]["spec"]["containers"]
                if c["image"].partition(":")[0] == image["name"]]
        if not used:
            self.complain(f"images: nothing uses {image['name']}")
        for container in used:
            container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"

    def scale(self, replicas):
        scaled = [d for d in self.documents
                  if d["kind"] in SCALED and d["metadata"]["name"] == replicas["name"]]
        if not scaled:
            self.complain(f"replicas: no {replicas['name']}")
        for document in scaled:
            document["spec"]["replicas"] = replicas["count"]

    def targets(self, target):
        """The documents that a patch is for. Its name is an expression: each of its (a|b) must be there."""
        found = []
        for name in re.sub(r"^\((.*)\)$", r"\1", target["name"]).split("|"):
            named = [d for d in self.documents
                     if d["kind"] == target["kind"] and re.fullmatch(name, d["metadata"]["name"])]
            if not named:
                self.complain(f"patches: no {target['kind']} {name}")
            found += named
        return found

    def patch(self, patch):
        unknown = (patch.keys() - {"target", "patch", "path"}) | (patch["target"].keys() - TARGET_KEYS)
        if unknown:
            self.complain(f"patches: {', '.join(sorted(unknown))} is not known here")
            return
        text = patch.get("patch")
        if text is None:
            path = self.folder / patch["path"]
            if not path.is_file():
                self.complain(f"patches: no {patch['path']}")
                return
            text = path.read_text()
        operations = yaml.safe_load(text)
        if not isinstance(operations, list):
            self.complain("patches: only lists of operations (RFC 6902) are known here")
            return
        for document in self.targets(patch["target"]):
            for operation in operations:
                name = f"{document['kind']} {document['metadata']['name']}"
                try:
                    apply(operation, document)
                except (KeyError, IndexError, ValueError, TypeError) as error:
                    self.complain(f"patches: {operation['op']} {operation['path']} of {name}: {error!r}")


def apply(operation, document):
    """One operation of RFC 6902: `add` into a mapping or at a list's end, or `test`, `replace` or `remove` of
    what is there already."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~")
                      for part in operation["path"].removeprefix("/").split("/")]
    place = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if operation["op"] == "add" and isinstance(place, list) and last == "-":
        place.append(copy.deepcopy(operation["value"]))
        return
    key = int(last) if isinstance(place, list) else last
    if operation["op"] == "add" and isinstance(place, dict):
        place[key] = copy.deepcopy(operation["value"])
        return
    there = place[key]  # what is not there cannot be tested, replaced or removed
    if operation["op"] == "test":
        if there != operation["value"]:
            raise ValueError(f"it is {there}")
    elif operation["op"] == "replace":
        place[key] = copy.deepcopy(operation["value"])
    elif operation["op"] == "remove":
        del place[key]
    else:
        raise ValueError(operation["op"])
