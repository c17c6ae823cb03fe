"""What a run holds of its native training: who trained, the code, the norms of all gradients."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from chainrule.errors import RunDamaged

SOURCE, NORMS = "native.txt", "norms.safetensors"  # in the run's folder


def write_source(path: Path, source: str) -> None:
    (path / SOURCE).write_text(source, encoding="utf-8")


def write_norms(path: Path, norms: Mapping[str, NDArray[Any]]) -> None:
    """{parameter: (steps,)}"""
    save_file({name: np.ascontiguousarray(column) for name, column in norms.items()}, path / NORMS)


def how_trained(native: Any) -> str:
    """What run.json says of it, in words."""
    if not isinstance(native, dict):
        return ""
    if native.get("by") != "PyTorch":
        return f"natively, by {native.get('by')}"
    function = f"{native['function']}: " if native.get("function") else ""
    place = f" ({native['place']})" if native.get("place") else ""
    return f"in PyTorch: {function}{native.get('reason')}{place}"


def read_source(path: Path) -> str:
    """Raises RunDamaged."""
    file = path / SOURCE
    try:
        return file.read_text(encoding="utf-8") if file.exists() else ""
    except (OSError, ValueError) as error:
        raise RunDamaged(file, str(error)) from error


def read_norms(path: Path) -> dict[str, array[float]]:
    """Raises RunDamaged."""
    file = path / NORMS
    if not file.exists():
        return {}
    try:
        return {name: array("d", column.tobytes()) for name, column in load_file(file).items()}
    except (OSError, ValueError, SafetensorError) as error:
        raise RunDamaged(file, str(error)) from error
