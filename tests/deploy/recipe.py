"""Carries out deploy/docker/Dockerfile without a container engine: each stage is a folder, each RUN a chroot.

It knows FROM, COPY, RUN, WORKDIR, ENV, EXPOSE, USER and ENTRYPOINT in the forms that the recipe has.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import subprocess

KERNEL = ("proc", "sys", "dev")
# What a builder's machine says of how packages are reached.
PASSED_ON = re.compile(r"PIP_\w+|SSL_CERT_FILE|\w+_proxy")


@dataclasses.dataclass
class Image:
    """A finished stage."""

    root: pathlib.Path
    workdir: str = "/"
    environment: dict = dataclasses.field(default_factory=dict)
    user: str = "0:0"
    entrypoint: list = dataclasses.field(default_factory=list)

    def command(self, *arguments, user=None):
        """What runs the entrypoint, or another program, inside."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                       "LANG": "C.UTF-8", **self.environment}
        return ["chroot", f"--userspec={user or self.user}", self.root, "/usr/bin/env", "-i",
                *(f"{k}={v}" for k, v in environment.items()), *arguments]

    @contextlib.contextmanager
    def mounted(self, read_only=False, **folders):
        """With the kernel's file systems, and other folders of this machine: models="/srv/models"."""
        folders = {**{k: f"/{k}" for k in KERNEL}, **folders}
        for name in folders:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            def bind(source, target):
                subprocess.run(["mount", "--bind", source, target], check=True)
                stack.callback(subprocess.run, ["umount", "-l", target], check=True)

            if read_only:
                bind(self.root, self.root)
                subprocess.run(["mount", "-o", "remount,bind,ro", self.root], check=True)
            for name, source in folders.items():
                bind(source, self.root / name)
            yield


def instructions(recipe):
    for line in re.sub(r"\\\n\s*", " ", recipe).splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split(maxsplit=1)


class Builder:
    """`base` is a bare Debian root, `context` what COPY copies from, `work` where stages go."""

    def __init__(self, recipe, base, context, work):
        self.base, self.context, self.work = base, context, work
        self.stages, self.images = {}, {}
        for word, rest in instructions(recipe):
            if word == "FROM":
                parent, _, name = rest.split()
                lines = []
                self.stages[name] = (parent, lines)
            else:
                lines.append((word, rest))

    def image(self, name):
        if name not in self.images:
            self.images[name] = self._build(name)
        return self.images[name]

    def _build(self, name):
        parent, lines = self.stages[name]
        root = self.work / name
        if parent in self.stages:
            image = dataclasses.replace(self.image(parent), root=root)
            image.environment = dict(image.environment)
            source = self.image(parent).root
        else:
            assert parent.startswith("debian:bookworm"), parent
            image, source = Image(root), self.base
        subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", root], check=True)
        for word, rest in lines:
            getattr(self, f"_{word.lower()}")(image, rest)
        return image

    def _workdir(self, image, rest):
        image.workdir = rest
        (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _env(self, image, rest):
        name, value = rest.split("=", 1)
        image.environment[name] = value

    def _user(self, image, rest):
        image.user = rest

    def _expose(self, image, rest):
        pass

    def _entrypoint(self, image, rest):
        image.entrypoint = shlex.split(rest.strip("[]").replace(",", " "))

    def _copy(self, image, rest):
        words = rest.split()
        source = self.context
        if words[0].startswith("--from="):
            source = self.image(words.pop(0).removeprefix("--from=")).root
        *files, target = words
        target = image.root / (image.workdir if target == "." else target).lstrip("/")
        for file in files:
            origin = source / file.lstrip("/")
            if origin.is_dir():
                shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, target)

    def _run(self, image, rest):
        passed = {k: v for k, v in os.environ.items() if PASSED_ON.fullmatch(k)}
        inside = dataclasses.replace(image, environment={**passed, **image.environment})
        with image.mounted():
            subprocess.run(inside.command("/bin/sh", "-c", f"cd {image.workdir} && {rest}", user="0:0"),
                           check=True)
