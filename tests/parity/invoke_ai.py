"""InvokeAI 6.14.2's own classes for embeddings, without the rest of that application.

Its wheel is installed without what it depends on (scripts/requirements-peers-alone.txt): it pins other versions
of Diffusers and transformers than the peers. What these classes import and do not use is stood in for.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
from unittest.mock import MagicMock

UNUSED = ("onnxruntime", "compel")


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in UNUSED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = MagicMock(name=spec.name, __spec__=spec, __path__=[])
        # A class is derived from it.
        module.BaseTextualInversionManager = object
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(StandIns())

from invokeai.backend.model_manager.configs.identification_utils import NotAMatchError  # noqa: E402
from invokeai.backend.model_manager.configs.textual_inversion import (  # noqa: E402
    TI_File_SD1_Config,
    TI_File_SD2_Config,
)
from invokeai.backend.model_manager.model_on_disk import ModelOnDisk  # noqa: E402
from invokeai.backend.textual_inversion import TextualInversionModelRaw  # noqa: E402

WIDTHS = {768: TI_File_SD1_Config, 1024: TI_File_SD2_Config}


def install(path, width):
    """As its model manager identifies a file: (the trigger, the vectors), or NotAMatchError."""
    on_disk = ModelOnDisk(path)
    record = WIDTHS[width].from_model_on_disk(on_disk, {
        "hash": "", "path": str(path), "file_size": path.stat().st_size, "name": on_disk.name, "source": str(path),
        "source_type": "path"})
    return f"<{record.name}>", TextualInversionModelRaw.from_checkpoint(path).embedding


def triggers_in(prompt):
    """By the function of app/util/ti_utils.py, whose module imports the whole application."""
    (root,) = importlib.util.find_spec("invokeai").submodule_search_locations
    source = (pathlib.Path(root) / "app" / "util" / "ti_utils.py").read_text()
    (function,) = (node for node in ast.parse(source).body
                   if isinstance(node, ast.FunctionDef) and node.name == "extract_ti_triggers_from_prompt")
    scope = {"re": re, "List": list}
    exec(ast.unparse(function), scope)
    return scope[function.name](prompt)


__all__ = ["NotAMatchError", "install", "triggers_in"]
