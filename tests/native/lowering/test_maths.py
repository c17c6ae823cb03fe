"""The elementary functions of the compiled code against mpmath: errors in units in the last place."""

from __future__ import annotations

import ctypes
import math

import mpmath
import numpy as np
import pytest

from chainrule.native import jit
from chainrule.native.ir import Builder, Target
from chainrule.native.maths import ELEMENTWISE, ULP

pytestmark = pytest.mark.skipif(not jit.available(), reason="llvmlite is not installed")
EXACT = {name: getattr(mpmath, name) for name in ("exp", "expm1", "log", "tanh", "erf")} | {"log1p": mpmath.log1p}
RANGES = {"exp": (-80, 80), "expm1": (-20, 80), "log": (1e-30, 1e30), "log1p": (-0.999, 1e6), "tanh": (-10, 10),
          "erf": (-5, 5)}  # fmt: skip
EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 1.0, -1.0, -2.0]
NUMBERS = 192  # a multiple of every width


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")


def computed(name: str, x: np.ndarray, target: Target | None = None, width: int = 8) -> np.ndarray:
    """The function by compiled code, on as many numbers as there are lanes at once."""
    b = Builder(x.dtype.name, width, target or jit.host())
    with b.loop(len(x), b.width) as loop:
        value = ELEMENTWISE[name](b, b.load(b.address("%x", loop.index)))
        b.store(value, b.address("%y", loop.index))
    b.write("ret i64 0")
    y = np.empty_like(x)
    run = jit.function(b.module(jit.NAME, ["ptr noalias %x", "ptr noalias %y"]), 2, 0)
    run(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p))
    return y


def points(name: str, dtype: str) -> np.ndarray:
    """Over the range, evenly and towards 0 (or 1 for the logarithm), on both sides."""
    low, high = RANGES[name]
    draw = np.random.default_rng(1)
    even = draw.uniform(low, high, NUMBERS // 3)
    near = 10.0 ** draw.uniform(-6, 0, NUMBERS // 3) * draw.choice([-1, 1], NUMBERS // 3)
    spread = np.exp(draw.uniform(math.log(1e-3), math.log(high), NUMBERS // 3))
    near = 1 + near / 2 if name == "log" else np.clip(near, low, high)
    return np.concatenate([even, near, spread]).astype(dtype)


def ulps(y: np.ndarray, exact: list[mpmath.mpf]) -> float:
    errors = []
    for ours, true in zip(y, exact, strict=True):
        unit = mpmath.mpf(float(np.spacing(abs(y.dtype.type(float(true))))))
        errors.append(abs(mpmath.mpf(float(ours)) - true) / unit)
    return float(max(errors))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(ULP))
def test_errors_are_as_documented(name, dtype):
    """On this processor and, where it has AVX-512, as written for one that has not."""
    x = points(name, dtype)
    with mpmath.workprec(120):
        exact = [EXACT[name](mpmath.mpf(float(number))) for number in x]
        for target in (jit.host(), Target(vector_bytes=32, registers=16, scalef=False)):
            assert ulps(computed(name, x, target), exact) <= ULP[name]


def test_an_error_of_four_units_is_seen():
    """The checker, seen to fail."""
    x = points("exp", "float32")
    with mpmath.workprec(120):
        exact = [mpmath.exp(mpmath.mpf(float(number))) for number in x]
    y = computed("exp", x)
    assert ulps(y + 4 * np.spacing(y), exact) > ULP["exp"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*sorted(ULP), "sign", "abs", "sqrt"])
def test_infinities_zeros_and_nan_are_as_numpy_has_them(name, dtype):
    with np.errstate(all="ignore"):
        x = np.resize(np.array(EDGES, dtype=dtype), NUMBERS)
        theirs = np.vectorize(math.erf)(x) if name == "erf" else getattr(np, name)(x)
    np.testing.assert_array_max_ulp(np.nan_to_num(computed(name, x)), np.nan_to_num(theirs.astype(dtype)), 3)
    np.testing.assert_array_equal(np.isnan(computed(name, x)), np.isnan(theirs))


@pytest.mark.parametrize("name", ["exp", "log"])
def test_subnormal_numbers(name):
    x = np.array([-103.0, -95.0, -88.0, -87.5] if name == "exp" else [1e-45, 1e-40, 1e-38, 2e-38], np.float32)
    y = computed(name, np.resize(x, 8))[:4]
    theirs = getattr(np, name)(x.astype(np.float64))
    np.testing.assert_allclose(y, theirs, rtol=2**-22, atol=2**-149)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["exp", "tanh"])
def test_the_result_does_not_depend_on_how_many_numbers_lie_side_by_side(name, dtype):
    """1 to 4 registers, and parts of one: some instructions are there for a whole register only."""
    x = points(name, dtype)
    for width in (1, 2, 4, 16, 32, 64):
        np.testing.assert_array_equal(computed(name, x, width=width), computed(name, x))


def test_tanh_goes_to_1_and_never_beyond():
    """All numbers of float32 from 8 to 16: 1 − tanh² must not become negative."""
    x = np.arange(np.float32(8).view(np.uint32), np.float32(16).view(np.uint32), dtype=np.uint32).view(np.float32)
    y = computed("tanh", x)
    assert y.max() == 1
    assert (y[x > 9.02] == 1).all()
