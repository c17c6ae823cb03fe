"""Runs the user's script as plain `python` would: sys.argv, __main__, __file__, sys.path[0], traceback, exit status."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import linecache
import os
import sys
import tokenize
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, Literal

from chainrule.errors import ScriptMissing, ScriptNotPython

Kind = Literal["script", "module"]
_OURS = str(Path(__file__).absolute().parents[1]) + os.sep


@dataclass(frozen=True, slots=True)
class Script:
    """A script that is ready to run.

    name       what the user typed
    argv0      what sys.argv[0] becomes
    file       its file
    code       compiled parts, run one after the other in one namespace: one part, or one for each notebook cell
    package    __package__: None for a script
    spec       __spec__: None for a script
    path0      what sys.path[0] becomes
    """

    name: str
    argv0: str
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
    error     the exception that ended it
    """

    how: Literal["finished", "exception", "interrupted"]
    status: int
    show: Callable[[], None]
    error: BaseException | None = None


def find(name: str, kind: Kind) -> Script:
    """The script, notebook (.ipynb) or, for kind "module", the module of that name, compiled.

    Raises ScriptMissing, ScriptNotPython with the file and line, and OSError where the file cannot be read.
    """
    if kind == "module":
        return _find_module(name)
    path = Path(name)
    folder = path.is_dir()
    if folder:
        path = path / "__main__.py"
    if not path.exists():
        raise ScriptMissing(name)
    if path.suffix == ".ipynb":
        return Script(name, name, name, tuple(_cells(path)), None, None, str(path.parent.resolve()))
    place = os.path.join(os.getcwd(), name)  # with its dots, as python writes it
    file = os.path.join(place, "__main__.py") if folder else place
    try:
        code = compile(path.read_bytes(), file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ScriptNotPython(name, getattr(error, "lineno", None) or 1, _reason(error)) from None
    if folder:
        spec = importlib.util.spec_from_file_location("__main__", file)
        return Script(name, name, file, (code,), "", spec, place)
    return Script(name, name, file, (code,), None, None, str(path.resolve().parent))


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
    file = spec.origin or name
    return Script(name, file, file, (code,), spec.parent, spec, os.getcwd())


# ---------------------------------------------------------------- notebooks


def _cells(path: Path) -> list[CodeType]:
    """The code cells of a notebook, each under a file name of its own so that a line number means something.

    As in Jupyter, a last line that is an expression shows its value, unless it ends with a semicolon. Lines for IPython
    (%magic, !command) do nothing, except that what stands behind %time, and below %%time and %%capture, is run.
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
        shows = tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";")
        shown = tree.body.pop() if shows else None
        parts.append(compile(tree, file, "exec", dont_inherit=True))
        if isinstance(shown, ast.Expr):
            parts.append(compile(ast.Interactive([shown]), file, "single", dont_inherit=True))
    return parts


def _source(source: str | list[str]) -> str:
    text = source if isinstance(source, str) else "".join(source)
    if text.startswith("%%"):
        first, newline, rest = text.partition("\n")
        return newline + rest if first.split()[0] in ("%%time", "%%capture") else ""
    made = ""
    for line in text.splitlines(keepends=True):
        made += line if _is_open(made) else _without_magic(line)
    return made


def _is_open(text: str) -> bool:
    """Whether the statement goes on in the next line, which may then begin with the operator %."""
    try:
        for _ in tokenize.generate_tokens(io.StringIO(text).readline):
            pass
    except tokenize.TokenError:
        return True
    except SyntaxError:
        return False
    return text.endswith("\\\n")


def _without_magic(line: str) -> str:
    code = line.lstrip()
    if not code.startswith(("%", "!")):
        return line
    statement = code.removeprefix("%time ") if code.startswith("%time ") else "pass\n"
    return line[: len(line) - len(code)] + statement


# ---------------------------------------------------------------- running


def run(script: Script, args: list[str]) -> Ending:
    """Run the script in a fresh __main__; whatever it raises is caught and described."""
    main = ModuleType("__main__")
    spec = script.spec
    main.__package__ = script.package
    main.__spec__ = spec
    main.__loader__ = spec.loader if spec else importlib.machinery.SourceFileLoader("__main__", script.file)
    main.__dict__.update(__annotations__={}, __builtins__=builtins, __file__=script.file)
    main.__dict__["__cached__"] = spec.cached if spec else None
    sys.modules["__main__"] = main
    sys.argv = [script.argv0, *args]
    if not sys.flags.safe_path:
        sys.path[0] = script.path0
    try:
        for part in script.code:
            exec(part, main.__dict__)
    except SystemExit as error:
        return _exit(error)
    except KeyboardInterrupt as error:
        return Ending("interrupted", 130, partial(_show, error))
    except BaseException as error:
        return Ending("exception", 1, partial(_show, error), error)
    return Ending("finished", 0, lambda: None)


def _exit(error: SystemExit) -> Ending:
    """sys.exit's rules: None is 0, an integer itself, anything else is printed and gives 1."""
    code = error.code
    if code is None or isinstance(code, int):
        return Ending("finished", code or 0, lambda: None)
    return Ending("finished", 1, lambda: print(code, file=sys.stderr) if sys.stderr is not None else None)


def _show(error: BaseException) -> None:
    """The traceback as python prints it, without our frames, through the script's excepthook."""
    _forget_our_frames(error, set())
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except Exception as second:
        print("Error in sys.excepthook:", file=sys.stderr)
        _forget_our_frames(second, set())
        traceback.print_exception(second)
        print("\nOriginal exception was:", file=sys.stderr)
        traceback.print_exception(error)


def _forget_our_frames(error: BaseException | None, seen: set[int]) -> None:
    """Between the script's frames and torch's stand those of the watch; the script's author never wrote them."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    error.__traceback__ = _without_our_frames(error.__traceback__)
    for other in (error.__cause__, error.__context__, *getattr(error, "exceptions", ())):
        _forget_our_frames(other, seen)


def _without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    frames = []
    while trace is not None:
        if not os.path.abspath(trace.tb_frame.f_code.co_filename).startswith(_OURS):
            frames.append(trace)
        trace = trace.tb_next
    for frame in reversed(frames):
        frame.tb_next, trace = trace, frame
    return trace


def flush() -> None:
    """Before our report: what the script printed comes first."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.flush()


__all__: list[Any] = ["Ending", "Script", "find", "flush", "run"]
