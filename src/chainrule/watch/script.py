"""Runs the user's script as plain `python` would: sys.argv, __main__, __file__, sys.path[0], traceback, exit status."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.machinery
import importlib.util
import json
import linecache
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal

from chainrule.errors import ScriptMissing, ScriptNotPython

Kind = Literal["script", "module"]


@dataclass(frozen=True, slots=True)
class Script:
    """A script that is ready to run.

    name       what the user typed
    file       its file
    code       compiled parts, run one after the other in one namespace: one part, or one for each notebook cell
    package    __package__: None for a script
    spec       __spec__: None for a script
    path0      what sys.path[0] becomes
    """

    name: str
    file: str
    code: tuple[CodeType, ...]
    package: str | None
    spec: importlib.machinery.ModuleSpec | None
    path0: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a script ended.

    how       "finished", "exception" or "interrupted"
    status    the exit status that python would have given
    show      prints what python would have printed about it, to stderr
    """

    how: Literal["finished", "exception", "interrupted"]
    status: int
    show: Callable[[], None]


def find(name: str, kind: Kind) -> Script:
    """The script, notebook (.ipynb) or, for kind "module", the module of that name, compiled.

    Raises ScriptMissing, and ScriptNotPython with the file and line.
    """
    if kind == "module":
        return _find_module(name)
    path = Path(name)
    if path.is_dir():
        path = path / "__main__.py"
    if not path.is_file():
        raise ScriptMissing(name)
    if path.suffix == ".ipynb":
        return Script(name, name, tuple(_cells(path)), None, None, str(path.parent.resolve()))
    file = os.path.join(os.getcwd(), path)  # as python names __main__.__file__
    try:
        code = compile(path.read_bytes(), file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ScriptNotPython(name, getattr(error, "lineno", None) or 1, _reason(error)) from None
    return Script(name, file, (code,), None, None, str(path.resolve().parent))


def _reason(error: Exception) -> str:
    return getattr(error, "msg", None) or str(error)


def _find_module(name: str) -> Script:
    sys.path.insert(0, os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
    except ModuleNotFoundError:
        spec = None
    finally:
        sys.path.pop(0)
    if spec is None or spec.loader is None or not hasattr(spec.loader, "get_code"):
        raise ScriptMissing(f"module {name}")
    try:
        code = spec.loader.get_code(spec.name)
    except SyntaxError as error:
        raise ScriptNotPython(error.filename or name, error.lineno or 1, _reason(error)) from None
    return Script(name, spec.origin or name, (code,), spec.parent, spec, os.getcwd())


# ---------------------------------------------------------------- notebooks


def _cells(path: Path) -> list[CodeType]:
    """The code cells of a notebook, each under a file name of its own so that a line number means something.

    As in Jupyter, a last line that is an expression shows its value. Lines for IPython (%magic, !command) do nothing.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        sources = [_source(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptNotPython(path, 1, f"not a notebook ({type(error).__name__}: {error})") from None
    parts = []
    for number, source in enumerate(sources, 1):
        file = f"{path}[cell {number}]"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            tree = ast.parse(source, file)
        except SyntaxError as error:
            raise ScriptNotPython(file, error.lineno or 1, _reason(error)) from None
        shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts.append(compile(tree, file, "exec", dont_inherit=True))
        if isinstance(shown, ast.Expr):
            parts.append(compile(ast.Interactive([shown]), file, "single", dont_inherit=True))
    return parts


def _source(source: str | list[str]) -> str:
    text = source if isinstance(source, str) else "".join(source)
    if text.startswith("%%"):
        return ""
    return "".join("\n" if line.lstrip().startswith(("%", "!")) else line for line in text.splitlines(keepends=True))


# ---------------------------------------------------------------- running


def run(script: Script, args: list[str]) -> Ending:
    """Run the script in a fresh __main__; whatever it raises is caught and described."""
    main = ModuleType("__main__")
    main.__file__ = script.file
    main.__package__ = script.package
    main.__spec__ = script.spec
    main.__loader__ = (
        script.spec.loader if script.spec else importlib.machinery.SourceFileLoader("__main__", script.file)
    )
    main.__dict__.update(__builtins__=builtins, __annotations__={})
    if script.spec is None:
        main.__dict__["__cached__"] = None
    sys.modules["__main__"] = main
    sys.argv = [script.file if script.spec else script.name, *args]
    sys.path[0] = script.path0
    try:
        for part in script.code:
            exec(part, main.__dict__)
    except SystemExit as error:
        return _exit(error)
    except KeyboardInterrupt as error:
        return Ending("interrupted", 130, partial(_show, error))
    except BaseException as error:
        return Ending("exception", 1, partial(_show, error))
    return Ending("finished", 0, lambda: None)


def _exit(error: SystemExit) -> Ending:
    """sys.exit's rules: None is 0, an integer itself, anything else is printed and gives 1."""
    code = error.code
    if code is None or isinstance(code, int):
        return Ending("finished", (code or 0) & 0xFF, lambda: None)
    return Ending("finished", 1, lambda: print(code, file=sys.stderr))


def _show(error: BaseException) -> None:
    """The traceback as python prints it: from the script's own frame on, through the script's excepthook."""
    trace = error.__traceback__
    ours = os.path.abspath(__file__)
    while trace is not None and os.path.abspath(trace.tb_frame.f_code.co_filename) == ours:
        trace = trace.tb_next
    error.__traceback__ = trace
    try:
        sys.excepthook(type(error), error, trace)
    except Exception:
        traceback.print_exception(error)


def flush() -> None:
    """Before our report: what the script printed comes first."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.flush()


__all__: list[Any] = ["Ending", "Script", "find", "flush", "run"]
