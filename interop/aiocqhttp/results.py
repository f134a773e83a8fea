"""The types that aiocqhttp promises for the results of its methods, in its stub."""

import ast
import pathlib
import sys
import types

import aiocqhttp.api
import pydantic

STUB = ast.parse(pathlib.Path(aiocqhttp.api.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))


def offered():
    """The methods that there are."""
    api = next(c for c in STUB.body if isinstance(c, ast.ClassDef) and c.name == "AsyncApi")
    return {f.name for f in api.body if isinstance(f, ast.AsyncFunctionDef)} - {"call_action"}


def named():
    """The types of results, by the name of the method, as far as the stub names one."""
    classes = next(node for node in STUB.body if isinstance(node, ast.If)).body
    module = sys.modules["stub of aiocqhttp"] = types.ModuleType("stub of aiocqhttp")  # where pydantic looks names up
    head = "from __future__ import annotations\nfrom typing import *\nfrom typing_extensions import TypedDict\nMessage_T = Any\n"
    exec(head + "\n".join(ast.unparse(c) for c in classes if isinstance(c, ast.ClassDef)), vars(module))
    return {name[1:-4]: of for name, of in vars(module).items() if name.startswith("_") and name.endswith("_ret")}


def judge(results):
    """Holds the latest result of each method against them; a list has one type of element."""
    for method, of in named().items():
        adapter = pydantic.TypeAdapter(of)
        result = results[method]
        for one in result if isinstance(result, list) else [result]:
            try:
                adapter.validate_python(one, strict=True)
            except pydantic.ValidationError as e:
                raise AssertionError(f"{method}: {e}") from None
