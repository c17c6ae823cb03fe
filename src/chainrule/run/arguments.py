"""The literals that calls, optimizers' settings and states are made of, as JSON and back. Nothing is evaluated."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from chainrule.run.fields import decode_dtype, encode_dtype, named, pick, short
from chainrule.run.references import Found, Gathered
from chainrule.step import Argument, Value

_LAYOUTS = {str(thing): thing for thing in vars(torch).values() if isinstance(thing, torch.layout)}
_FORMATS = {str(thing): thing for thing in vars(torch).values() if isinstance(thing, torch.memory_format)}


@dataclass(slots=True, frozen=True)
class Shown:
    """What was no literal, in a loaded run: only its looks were kept."""

    text: str

    def __repr__(self) -> str:
        return self.text


def encode_arguments(arguments: Mapping[str, Argument], name: str, gathered: Gathered) -> dict[str, Any]:
    return {str(key): encode_argument(part, f"{name}.{key}", gathered) for key, part in arguments.items()}


def decode_arguments(raw: dict[str, Any], values: list[Value], found: Found) -> dict[str, Argument]:
    return {key: decode_argument(part, values, found) for key, part in raw.items()}


def encode_argument(argument: Argument, name: str, gathered: Gathered) -> Any:
    """None, bool, int, float, str and lists as themselves, everything else as {its type: its content}."""
    match argument:
        case None | bool():
            return argument
        case int():
            return int(argument)
        case float():
            return float(argument)
        case str():
            return str(argument)
        case Value():
            return {"value": argument.index}
        case torch.Tensor():
            return {"tensor": gathered.refer(name, argument)}
        case list():
            return _encode_parts(argument, name, gathered)
        case tuple():
            return {"tuple": _encode_parts(argument, name, gathered)}
        case dict():
            return {"dict": _encode_parts([list(item) for item in argument.items()], name, gathered)}
        case slice():
            return {"slice": _encode_parts([argument.start, argument.stop, argument.step], name, gathered)}
        case torch.dtype():
            return {"dtype": encode_dtype(argument)}
        case torch.device():
            return {"device": str(argument)}
        case torch.layout():
            return {"layout": str(argument)}
        case torch.memory_format():
            return {"memory_format": str(argument)}
        case numbers.Integral():  # numpy's
            return int(argument)
        case numbers.Real():
            return float(argument)
        case numbers.Complex():
            return {"complex": [float(argument.real), float(argument.imag)]}
    return {"ellipsis": True} if argument is ... else {"repr": short(argument)}


def _encode_parts(parts: list[Argument] | tuple[Argument, ...], name: str, gathered: Gathered) -> list[Any]:
    return [encode_argument(part, f"{name}.{i}", gathered) for i, part in enumerate(parts)]


def decode_argument(raw: Any, values: list[Value], found: Found) -> Argument:
    """Raises ValueError, and NotHere for a tensor that was left out."""
    if isinstance(raw, list):
        return [decode_argument(part, values, found) for part in raw]
    if not isinstance(raw, dict):
        return raw
    match raw:
        case {"value": number}:
            return pick(values, number)
        case {"tensor": reference}:
            return found.tensor(reference)
        case {"tuple": list(parts)}:
            return tuple(decode_argument(parts, values, found))
        case {"dict": list(pairs)}:
            return _decode_dict(decode_argument(pairs, values, found))
        case {"slice": [_, _, _] as parts}:
            return slice(*decode_argument(parts, values, found))
        case {"dtype": name}:
            return decode_dtype(name)
        case {"device": str(name)}:
            return _decode_device(name)
        case {"layout": name}:
            return named(_LAYOUTS, name)
        case {"memory_format": name}:
            return named(_FORMATS, name)
        case {"complex": [float(real), float(imaginary)]}:
            return complex(real, imaginary)
        case {"ellipsis": True}:
            return ...
        case {"repr": str(text)}:
            return Shown(text)
    raise ValueError(f"{short(raw)} is no argument")


def _decode_dict(pairs: list[Any]) -> dict[Any, Argument]:
    try:
        return dict(pairs)
    except TypeError as error:  # no pairs, or keys that cannot be keys
        raise ValueError(f"{short(pairs)} are not the entries of a dict") from error


def _decode_device(name: str) -> torch.device:
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"{short(name)} is no device") from error
