"""Where a call was made: the user's file and line, the module path, and what the user calls a tensor."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType

import torch

TORCH = os.path.dirname(torch.__file__) + os.sep
OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
MODULE_CALL = torch.nn.Module._call_impl.__code__
MOST_NAMES = 2000  # a namespace larger than this is not searched for a tensor's name


class Places:
    """One step's modules, by path. No hook is put on any module: the Python frames tell."""

    def __init__(self) -> None:
        self.roots: list[torch.nn.Module] = []
        self._paths: dict[int, str] = {}
        self._of_user: dict[CodeType, bool] = {}

    def here(self, frame: FrameType | None) -> tuple[str, str, int]:
        """(module path, file, line) of the call that `frame` is making."""
        module: str | None = None
        file, line = "", 0
        while frame is not None and (module is None or not file):
            code = frame.f_code
            if code is MODULE_CALL:
                if module is None:
                    module = self._path(frame)
            elif not file and self._is_user(code):
                file, line = code.co_filename, frame.f_lineno
            frame = frame.f_back
        return module or "", file, line

    def _is_user(self, code: CodeType) -> bool:
        known = self._of_user.get(code)
        if known is None:
            file = code.co_filename
            known = self._of_user[code] = not file.startswith((TORCH, OURS, "<frozen", "<__array_function__"))
        return known

    def _path(self, frame: FrameType) -> str:
        module = frame.f_locals["self"]
        known = self._paths.get(id(module))
        if known is None:
            root, outer = module, frame.f_back
            while outer is not None:
                if outer.f_code is MODULE_CALL:
                    root = outer.f_locals["self"]
                outer = outer.f_back
            self.roots.append(root)
            for path, inner in root.named_modules():
                self._paths.setdefault(id(inner), path or type(inner).__name__)
            known = self._paths.setdefault(id(module), type(module).__name__)
        return known

    def parameter_names(self) -> dict[int, str]:
        """{id of a parameter or buffer: its name}, as the outermost module that was called names it.

        Where several models hold a parameter of the same name, the class of the model is put in front.
        """
        # Where no call inside a model was seen (compiled code), the script's own variables tell.
        known = [v for v in vars(sys.modules["__main__"]).values() if isinstance(v, torch.nn.Module)]
        seen = self.roots if any(True for root in self.roots for _ in root.parameters()) else self.roots + known
        owners = [root for i, root in enumerate(seen) if not any(root is other for other in seen[:i])]
        named = [(root, {**dict(root.named_parameters()), **dict(root.named_buffers())}) for root in owners]
        names: dict[int, str] = {}
        for i, (root, parameters) in enumerate(named):
            for name, parameter in parameters.items():
                clash = any(name in others for j, (_, others) in enumerate(named) if j != i)
                names.setdefault(id(parameter), f"{type(root).__name__}.{name}" if clash else name)
        return names

    def variable_name(self, tensor: torch.Tensor, frame: FrameType | None) -> str:
        """What the user's outermost frame that knows the tensor calls it, or ""."""
        found = ""
        while frame is not None:
            if self._is_user(frame.f_code) and len(frame.f_locals) <= MOST_NAMES:
                for name, value in frame.f_locals.items():
                    if value is tensor and not name.startswith("_"):
                        found = name
                        break
            frame = frame.f_back
        return found


def caller(depth: int) -> FrameType:
    return sys._getframe(depth + 1)
