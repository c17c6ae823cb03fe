"""From LLVM IR to a function that can be called, with llvmlite alone; compiled code is kept on disk.

An entry of the cache is an object file behind the SHA-256 of its bytes, named by the SHA-256 of all that decides what
it holds: the text, the processor with its features, LLVM's version and llvmlite's. It is written under another name
and moved, so that no reader meets half a file; one that does not fit its sum is compiled again. CHAINRULE_CACHE names
another folder than the user's cache; "" keeps nothing.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from chainrule.native.graph import CannotLower
from chainrule.native.ir import Target

try:
    import llvmlite
    import llvmlite.binding as llvm
except ImportError:
    llvm = None

NAME = "run"  # of the one function of a module
DIGEST = hashlib.sha256().digest_size


def available() -> bool:
    return llvm is not None


@cache
def processor() -> tuple[str, str]:
    """LLVM's name of this processor, and its features. Raises CannotLower."""
    if llvm is None:
        raise CannotLower("llvmlite is not installed")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def machine() -> Any:
    """A new target machine of LLVM for this processor: the engine that gets one owns it, and frees it."""
    cpu, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=3, jit=True)


def versions() -> str:
    """All besides the text that decides what is compiled."""
    return f"{llvm.get_default_triple()} {processor()} {llvm.llvm_version_info} {llvmlite.__version__}"


@cache
def host() -> Target:
    """What this processor has. Where it is neither x86 nor known to us: 16-byte vectors and 32 registers, as ARM."""
    processor()
    give_way = "sched_yield" if hasattr(os, "sched_yield") or sys.platform == "darwin" else ""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512vl"):
        return Target(vector_bytes=64, registers=32, scalef=True, give_way=give_way)
    if features.get("avx2") and features.get("fma"):
        return Target(vector_bytes=32, registers=16, scalef=False, give_way=give_way)
    x86 = "sse2" in features
    return Target(vector_bytes=16, registers=16 if x86 else 32, scalef=False, x86=x86, give_way=give_way)


@contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage collection: writing code makes many strings, and one full collection beside torch takes 0.1 s."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


# ---------------------------------------------------------------- the cache on disk


def folder() -> Path | None:
    """Where compiled code is kept, or None."""
    named = os.environ.get("CHAINRULE_CACHE")
    if named is not None:
        return Path(named) if named else None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chainrule" / "native"


def entry(text: str) -> Path | None:
    where = folder()
    key = hashlib.sha256(f"{versions()}\n{text}".encode()).hexdigest()
    return where / f"{key}.o" if where is not None else None


def stored(path: Path) -> bytes | None:
    """The object file kept under this name, or None where there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[DIGEST:]
    return code if hashlib.sha256(code).digest() == content[:DIGEST] else None


def store(path: Path, code: bytes) -> None:
    """Kept if that is possible: a full disk or a folder that cannot be written costs a compilation, nothing else."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(file.name, path)
    except OSError:
        return


# ---------------------------------------------------------------- compiling


def object_code(text: str) -> bytes:
    """The object file of a module; LLVM's passes are not run, the text is already in the order it should have."""
    if sys.platform == "win32":  # an object with floating-point numbers refers to it there
        text += "@_fltused = global i32 0\n"
    module = llvm.parse_assembly(text)
    module.verify()
    code: bytes = machine().emit_object(module)
    return code


@cache
def _engine(text: str) -> tuple[Any, int]:
    """The engine that owns the code, and the address of its function."""
    path = entry(text)
    code = stored(path) if path else None
    if code is None:
        code = object_code(text)
        if path:
            store(path, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine, engine.get_function_address(NAME)


def function(text: str, pointers: int, integers: int) -> Any:
    """The compiled function: takes pointers, then integers, and returns an integer. It runs without Python's lock."""
    kinds = [ctypes.c_void_p] * pointers + [ctypes.c_int64] * integers
    return ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(_engine(text)[1])
