"""Where a call was made: the user's file and line, the module path, and what the user calls a tensor."""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import CodeType, FrameType

import torch
from torch import nn

from chainrule.step import Line
from chainrule.watching.alive import Known

TORCH = os.path.dirname(torch.__file__) + os.sep
OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
STANDARD = sysconfig.get_paths()["stdlib"] + os.sep
PACKAGES = ("site-packages", "dist-packages")  # folders inside that of the standard library
GENERATED = ("<frozen", "<__array_function__", "<eval_with_key>")  # of python, NumPy and torch.fx
MODULE_CALL = nn.Module._call_impl.__code__
FILES = 4096  # of which is known whose they are
MOST_NAMES = 2000  # a namespace larger than this is not searched for a name
SNAPSHOT = sys.version_info < (3, 13)  # f_locals of a function is then a dict that stays in its frame (PEP 667)


class Owners:
    """Whose part a module is that was called alone, and what the script calls it: asked once, and known in later steps.
    The frames' variables have to be gone through for it."""

    def __init__(self) -> None:
        self._known: Known[nn.Module, tuple[weakref.ref[nn.Module], str]] = Known()
        self._parameters: Known[torch.Tensor, None] = Known()

    def note(self, parameters: Iterable[torch.Tensor]) -> None:
        """These have their names of a module."""
        for parameter in parameters:
            self._parameters[parameter] = None

    def named(self, tensor: torch.Tensor) -> bool:
        """Whether it had its name of a module in an earlier step: no variable need be looked for."""
        return tensor in self._parameters

    def of(self, module: nn.Module, ask: Callable[[], tuple[nn.Module, str]]) -> tuple[nn.Module, str]:
        """Itself, where it is nobody's."""
        ref, name = self._known.get(module) or (None, "")
        owner = ref() if ref is not None else None
        if owner is None or not (owner is module or any(inner is module for inner in owner.modules())):
            owner, name = ask()
            self._known[module] = weakref.ref(owner), name
        return owner, name


class Places:
    """One step's modules, by path. No hook is put on any module: the Python frames tell. `origin_of` knows where they
    were made.

    roots   the outermost modules that were called, or whose methods called others
    """

    def __init__(self, origin_of: Callable[[nn.Module], Line] = lambda _: Line(), owners: Owners | None = None) -> None:
        self._owners = Owners() if owners is None else owners
        self.roots: list[nn.Module] = []
        self._origin_of = origin_of
        self._made: dict[str, Line] = {}
        self._variables: dict[int, str] = {}  # id of a root -> what the user calls it
        self._paths: dict[int, str] = {}
        self._held: list[nn.Module] = []  # a module made inside forward is freed, and its id used again

    def here(self, frame: FrameType | None) -> tuple[str, str, int]:
        """(module path, file, line) of the call that `frame` is making."""
        module: str | None = None
        file, line = "", 0
        while frame is not None and (module is None or not file):
            code = frame.f_code
            if code is MODULE_CALL:
                if module is None:
                    module = self._path(frame)
            elif not file and is_users(code.co_filename):
                file, line = code.co_filename, frame.f_lineno
            frame = frame.f_back
        return module or "", file, line

    def made(self, module: str) -> Line:
        """Where the script made the module of this path, if it is one of torch's; of one that no other module knows
        of, as in a plain list, where it made the outermost such module."""
        return self._made.get(module, Line())

    def clear(self) -> None:
        """Let go of the user's modules."""
        for part in (self.roots, self._variables, self._paths, self._held, self._made):
            part.clear()

    # ------------------------------------------------------------ modules

    def _path(self, frame: FrameType) -> str:
        module = frame.f_locals["self"]
        known = self._paths.get(id(module))
        if known is None:
            self._add_root(module, frame)
            unknown = self._unknown(frame)
            known = self._paths.setdefault(id(module), type(module).__name__)
            if unknown is not None:
                self._made.setdefault(known, self._origin_of(unknown))
            self._held.append(module)
        return known

    def _add_root(self, module: nn.Module, frame: FrameType) -> None:
        """The outermost module that `module` is called in, and the paths of all that are in that."""
        outer: FrameType | None = frame
        while outer is not None:
            if outer.f_code is MODULE_CALL:
                module, frame = outer.f_locals["self"], outer
            outer = outer.f_back
        root, variable = self._owners.of(module, lambda: self._owner(module, frame))
        if any(root is other for other in self.roots):
            return
        self.roots.append(root)
        self._variables[id(root)] = variable
        for path, inner in root.named_modules():
            name = self._paths.setdefault(id(inner), path or type(inner).__name__)
            if is_torchs(inner):
                self._made.setdefault(name, self._origin_of(inner))

    def _unknown(self, frame: FrameType) -> nn.Module | None:
        """The outermost module in flight that is in none of the roots."""
        found = None
        outer: FrameType | None = frame
        while outer is not None:
            if outer.f_code is MODULE_CALL and id(outer.f_locals["self"]) not in self._paths:
                found = outer.f_locals["self"]
            outer = outer.f_back
        return found

    def _owner(self, module: nn.Module, frame: FrameType) -> tuple[nn.Module, str]:
        """The largest module in the user's variables that holds this one, and what the outermost frame calls it.

        `module` may have been called by a method of its owner (self.encoder(x) in encode), or alone (model.head(x)).
        """
        name = ""
        for variable, value in self._variables_of(frame):
            if not isinstance(value, nn.Module):
                continue
            if value is not module and any(inner is module for inner in value.modules()):
                module, name = value, ""
            if value is module and variable != "self":
                name = variable
        return module, name

    def _variables_of(self, frame: FrameType | None) -> Iterator[tuple[str, object]]:
        """The user's variables, from this frame outwards; the modules' globals last."""
        seen: list[dict[str, object]] = []
        while frame is not None:
            if is_users(frame.f_code.co_filename):
                yield from variables(frame)
                if not any(frame.f_globals is other for other in seen):
                    seen.append(frame.f_globals)
            frame = frame.f_back
        for names in seen:
            yield from list(names.items()) if len(names) <= MOST_NAMES else ()

    # ------------------------------------------------------------ names

    def parameter_names(self) -> dict[int, str]:
        """{id of a parameter or buffer: its name}, as the outermost module that was called names it.

        Where several models hold a parameter of the same name, the class of the model is put in front; where they are
        of the same class, the script's variable.
        """
        # Where no call inside a model was seen (compiled code), the script's own variables tell.
        seen = list(self.roots)
        if not any(True for root in self.roots for _ in root.parameters()):
            seen += (value for value in vars(sys.modules["__main__"]).values() if isinstance(value, nn.Module))
        owners = [root for i, root in enumerate(seen) if not any(root is other for other in seen[:i])]
        named = [(root, {**dict(root.named_parameters()), **dict(root.named_buffers())}) for root in owners]
        named = [(root, parameters) for root, parameters in named if parameters]
        names: dict[int, str] = {}
        for root, parameters in named:
            others = [(type(other), held) for other, held in named if other is not root]
            for name, parameter in parameters.items():
                rivals = [kind for kind, held in others if name in held and held[name] is not parameter]
                front = self._variables.get(id(root), "") if type(root) in rivals else ""
                whole = f"{front or type(root).__name__}.{name}" if rivals else name
                names.setdefault(id(parameter), whole)
        return names

    def variable_name(self, tensor: torch.Tensor, frame: FrameType | None) -> str:
        """What the user's outermost frame that knows the tensor calls it, or ""."""
        found = ""
        while frame is not None:
            if is_users(frame.f_code.co_filename):
                found = next((n for n, v in variables(frame) if v is tensor and not n.startswith("_")), found)
            frame = frame.f_back
        return found


def is_torchs(module: nn.Module) -> bool:
    """Whether its forward is torch's: of one that the user wrote, its own lines tell more than where it was made."""
    code = getattr(type(module).forward, "__code__", None)
    return code is not None and code.co_filename.startswith(TORCH)


def variables(frame: FrameType) -> list[tuple[str, object]]:
    """The names and values of a frame's variables; none where there are too many."""
    names = frame.f_locals
    if len(names) > MOST_NAMES:
        return []
    found = list(names.items())
    # Else the frame would keep alive what the function lets go of. Where the script holds the dict, it is left to it.
    if SNAPSHOT and frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.getrefcount(names) == 3:
        names.clear()
    return found


def line_of(frame: FrameType | None) -> Line:
    """The user's line that led to this frame; of a trace, the innermost."""
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return Line(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return Line()


def end_of(function: object) -> Line:
    """The last line of a function of the user's, or of an object's that is called like one."""
    called = function if inspect.isroutine(function) else vars(type(function)).get("__call__")
    code = getattr(called, "__code__", None)
    if not isinstance(code, CodeType) or not is_users(code.co_filename):
        return Line()
    return Line(code.co_filename, max(line for _, _, line in code.co_lines() if line is not None))


def raised_at(error: BaseException) -> Line:
    """The innermost line of the user's on an exception's way."""
    found, trace = Line(), error.__traceback__
    while trace is not None:
        if is_users(trace.tb_frame.f_code.co_filename):
            found = Line(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


@lru_cache(FILES)
def is_users(file: str) -> bool:
    """Whether code of this file is the user's, or of a package that the user installed: not torch, python or us."""
    if file.startswith(STANDARD):
        return file.startswith(tuple(STANDARD + folder for folder in PACKAGES)) and not file.startswith((TORCH, OURS))
    return not file.startswith((TORCH, OURS, *GENERATED))


def caller(depth: int) -> FrameType:
    return sys._getframe(depth + 1)


def outside() -> FrameType:
    """The innermost frame that is not ours."""
    frame = caller(0)
    while frame.f_code.co_filename.startswith(OURS) and frame.f_back is not None:
        frame = frame.f_back
    return frame
