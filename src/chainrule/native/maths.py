"""exp, log, tanh, erf and their relatives, written in vector instructions: no libm call, the same result in every lane.

ULP is their largest error in units in the last place, measured against mpmath by tests/native/lowering/test_maths.py.
NaN stays NaN; overflow gives ±inf, underflow 0, as in C.
sin, cos and pow with a power that is not a small constant call libm's, lane by lane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chainrule.native.ir import Builder, Value

ULP = {"exp": 1.1, "expm1": 2.0, "log": 2.0, "log1p": 2.5, "tanh": 3.0, "erf": 2.0}


@dataclass(frozen=True)
class Format:
    """What differs between the floating-point formats; polynomials start with their highest power.

    ln2             ln 2 in two parts, the first with trailing zeros so that n·ln2[0] is exact
    exponential     (eʳ − 1 − r)/r² for |r| ≤ ln 2 / 2: SLEEF 3 (Shibata & Petrogalli 2020), expf and exp of 1.0 ulp
    short           the same with an error of a third of a unit in the last place of eʳ − 1, which is enough for tanh;
                    interpolated at Chebyshev points with mpmath
    exp_range       below it eˣ is 0, above it infinite
    tanh_range      beyond ± it tanh x rounds to ±1
    bias, fraction  of the exponent; how many bits the fraction has
    root_half       the bits of √½
    smallest        normal number
    scale           2^scale makes subnormal numbers normal
    log_terms       how many terms of the series of artanh the logarithm takes
    erf_small       erf(x)/x in x² for |x| < 1; interpolated at Chebyshev points with mpmath (1.3e-9 and 1.5e-19)
    erfcx           e^(x²)·erfc(x) in (x − 2)/(x + 2) for 1 ≤ x ≤ erf_one (2.5e-10 and 2.6e-18)
    erf_one         from here on erf rounds to 1
    """

    ln2: tuple[float, float]
    exponential: Sequence[float]
    short: Sequence[float]
    exp_range: tuple[float, float]
    tanh_range: float
    bias: int
    fraction: int
    root_half: int
    smallest: float
    scale: int
    log_terms: int
    erf_small: Sequence[float]
    erfcx: Sequence[float]
    erf_one: float


# fmt: off
FORMATS = {
    "float32": Format(
        ln2=(0.693145751953125, 1.428606765330187045e-06),
        exponential=(
            0.000198527617612853646278381, 0.00139304355252534151077271, 0.00833336077630519866943359,
            0.0416664853692054748535156, 0.166666671633720397949219, 0.5,
        ),
        short=(
            0.0013926183587713494542, 0.0083631790527225773704, 0.041666554617204574203,
            0.16666576989698775683, 0.5,
        ),
        exp_range=(-104.0, 89.0), tanh_range=9.02, bias=127, fraction=23, root_half=0x3F3504F3,
        smallest=2.0**-126, scale=24, log_terms=5,
        erf_small=(
            0.000078758750626854883411, -0.00080168642871658695293, 0.0051890874234339739861,
            -0.026854212010626412443, 0.11283594715160217732, -0.37612626666720331023, 1.128379165848350946,
        ),
        erfcx=(
            0.00004987674193344444433, -0.00093952690218259559957, -0.00084765557867121685049,
            0.0069939540250839268225, 0.003732908027349174569, -0.078978473147069186582,
            0.24165819411285701949, -0.42718584831165002401, 0.25539567631050574387,
        ),
        erf_one=4.0,
    ),
    "float64": Format(
        ln2=(0.69314718055966295651160180568695068359375, 0.28235290563031577122588448175013436025525412068e-12),
        exponential=(
            2.08860621107283687536341e-09, 2.51112930892876518610661e-08, 2.75573911234900471893338e-07,
            2.75572362911928827629423e-06, 2.4801587159235472998791e-05, 0.000198412698960509205564975,
            0.00138888888889774492207962, 0.00833333333331652721664984, 0.0416666666666665047591422,
            0.166666666666666851703837, 0.5,
        ),
        short=(
            2.5100385495510319078e-8, 2.7620088445409748161e-7, 2.7557268459997064772e-6, 0.000024801521295954375131,
            0.00019841269863053616878, 0.0013888888917213716901, 0.0083333333333300618325,
            0.041666666666624127873, 0.16666666666666667453, 0.50000000000000010221,
        ),
        exp_range=(-746.0, 710.0), tanh_range=19.07, bias=1023, fraction=52, root_half=0x3FE6A09E667F3BCD,
        smallest=2.0**-1022, scale=54, log_terms=11,
        erf_small=(
            5.9571761477489114044e-11, -1.137284885679167367e-9, 1.4659775274047435814e-8, -1.6350312701054695011e-7,
            1.6461000484121368033e-6, -0.000014925595266831181565, 0.00012055331111642710923,
            -0.00085483269808337899052, 0.0052239776248180144673, -0.026866170645076793248,
            0.11283791670954878666, -0.37612638903183748056, 1.1283791670955125738,
        ),
        erfcx=(
            -4.2153010542383209882e-7, -5.3226968556557863375e-7, 1.1780775215625582588e-6, 3.7892156437584639713e-6,
            1.3926211836188029348e-6, -0.000013968072301771460689, -0.000027579864674305785854,
            0.000027525480361206066702, 0.00017436116545392263717, 0.000043555602195154722071,
            -0.00098197702656788892271, -0.00084714325092038440093, 0.0069974617392004437674,
            0.0037328924043277639248, -0.078978581015732125421, 0.24165819424246646392,
            -0.42718584741395839652, 0.25539567631050574375,
        ),
        erf_one=6.0,
    ),
}
# fmt: on
QUARTERS = [math.tanh(k / 4) for k in range(32)]
NEAR = (0.13249472597035894, -0.3333316967236416)  # (tanh r − r)/r³ in r² for |r| ≤ 1/8, at Chebyshev points


def polynomial(b: Builder, x: Value, coefficients: Sequence[float], square: Value = "") -> Value:
    """Horner's scheme in x² on pairs of terms, a·x + b, which do not wait for each other: half as long a chain."""
    square = square or b.mul(x, x)
    alone = len(coefficients) % 2
    pairs = [b.constant(coefficients[0])] if alone else []
    for first, second in zip(coefficients[alone::2], coefficients[alone + 1 :: 2], strict=True):
        pairs.append(b.fma(b.constant(first), x, b.constant(second)))
    total = pairs[0]
    for pair in pairs[1:]:
        total = b.fma(total, square, pair)
    return total


def reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """(n, eʳ − 1) where x = n·ln 2 + r, n a whole number and |r| ≤ ln 2 / 2."""
    f = FORMATS[b.dtype]
    n = b.math("rint", b.mul(x, b.constant(1 / math.log(2))))
    r = b.fma(n, b.constant(-f.ln2[0]), x)
    r = b.fma(n, b.constant(-f.ln2[1]), r)
    square = b.mul(r, r)
    return n, b.fma(square, polynomial(b, r, f.exponential, square), r)


def two_to(b: Builder, n: Value) -> Value:
    """2ⁿ for a whole n (given as an integer) within the range of normal numbers."""
    f = FORMATS[b.dtype]
    bits = b.whole("shl", b.whole("add", n, b.integers(f.bias)), b.integers(f.fraction))
    return b.cast("bitcast", bits, b.integer, b.type)


def scalef(b: Builder, x: Value, n: Value) -> Value:
    """x·2ⁿ in one instruction; llvm.ldexp takes an integer n, and makes it a float again."""
    name = f"llvm.x86.avx512.mask.scalef.{'ps' if b.bits == 32 else 'pd'}.512"
    all_lanes, rounding = (f"i{b.width}", "-1"), ("i32", "4")
    return b.intrinsic(name, b.type, (b.type, x), (b.type, n), (b.type, "zeroinitializer"), all_lanes, rounding)


def scaled(b: Builder, x: Value, n: Value) -> Value:
    """x·2ⁿ for a whole n given as a float, also where 2ⁿ itself overflows or underflows."""
    if b.target.scalef:
        return b.in_registers(scalef, x, n)
    whole = b.cast("fptosi", n, b.type, b.integer)
    half = b.whole("ashr", whole, b.integers(1))
    return b.mul(b.mul(x, two_to(b, half)), two_to(b, b.whole("sub", whole, half)))


def exp(b: Builder, x: Value) -> Value:
    n, less_one = reduced(b, b.clamp(x, *FORMATS[b.dtype].exp_range))
    return scaled(b, b.add(less_one, b.constant(1)), n)


def expm1(b: Builder, x: Value) -> Value:
    """(eʳ − 1)·2ⁿ + (2ⁿ − 1)."""
    f = FORMATS[b.dtype]
    n, less_one = reduced(b, b.clamp(x, -2.0 * f.tanh_range, f.exp_range[1]))
    # 2ⁿ itself would overflow where eˣ just does not
    half = scaled(b, b.constant(0.5), n)
    small = b.fma(less_one, half, b.sub(half, b.constant(0.5)))
    result = b.add(small, small)
    return b.select(b.compare("oeq", x, b.constant(0)), x, result)


def of_quarters(b: Builder, shifted: Value) -> Value:
    """tanh k/4, where k are the last five bits."""
    low, high = b.constants(QUARTERS[:16]), b.constants(QUARTERS[16:])
    k = b.cast("bitcast", shifted, b.type, b.integer)
    return b.intrinsic("llvm.x86.avx512.vpermi2var.ps.512", b.type, (b.type, low), (b.integer, k), (b.type, high))


def tanh_by_table(b: Builder, x: Value) -> Value:
    """(tanh a + tanh r)/(1 + tanh a·tanh r) with |x| = a + r and a = k/4, in float32.

    Adding `shift` rounds to a whole number of quarters, k, and leaves it in the last bits. The table ends at 7.75:
    where r is larger than 1/8, its error is small beside what tanh a lacks to 1.
    """
    f = FORMATS[b.dtype]
    size = b.at_most(b.math("fabs", x), 8.95)  # whose tanh is made 1, half a unit in the last place from it
    shift = b.constant(1.5 * 2 ** (f.fraction - 2))
    shifted = b.add(b.at_most(size, 7.75), shift)
    r = b.sub(size, b.sub(shifted, shift))
    a = b.in_registers(of_quarters, shifted)
    square = b.mul(r, r)
    r = b.fma(b.mul(r, square), b.fma(b.constant(NEAR[0]), square, b.constant(NEAR[1])), r)
    return b.math("copysign", b.div(b.add(a, r), b.fma(a, r, b.constant(1))), x)


def tanh(b: Builder, x: Value) -> Value:
    return tanh_by_table(b, x) if b.target.scalef and b.dtype == "float32" else tanh_by_exp(b, x)


def tanh_by_exp(b: Builder, x: Value) -> Value:
    """e/(e + 1) with e = (e²ˣ − 1)/2 and 2x = n·ln 2 + 2r.

    Adding `shift` rounds to the whole number n, and leaves n + bias in the last bits, which are moved up to where a
    floating-point number has its exponent: 2ⁿ.
    """
    f = FORMATS[b.dtype]
    x = b.clamp(x, -f.tanh_range, f.tanh_range)
    shift = b.constant(1.5 * 2**f.fraction + f.bias)
    shifted = b.fma(x, b.constant(2 / math.log(2)), shift)
    # ½·ln 2 in one part: where n is not 0, what it lacks is small beside tanh x (n·1e-9 in float32)
    r = b.fma(b.sub(shifted, shift), b.constant(-math.log(2) / 2), x)
    doubled = [c * 2.0 ** (len(f.short) - k) for k, c in enumerate(f.short)]  # in r for those in 2r
    square = b.mul(r, r)
    half = b.fma(square, polynomial(b, r, doubled, square), r)  # (e²ʳ − 1)/2
    bits = b.whole("shl", b.cast("bitcast", shifted, b.type, b.integer), b.integers(f.fraction))
    power = b.cast("bitcast", bits, b.integer, b.type)
    e = b.fma(half, power, b.fma(power, b.constant(0.5), b.constant(-0.5)))
    return b.div(e, b.add(e, b.constant(1)))


def log(b: Builder, x: Value) -> Value:
    """x = m·2ⁿ with √½ ≤ m < √2;  ln x = n·ln 2 + 2·artanh((m − 1)/(m + 1))."""
    f = FORMATS[b.dtype]
    tiny = b.compare("olt", x, b.constant(f.smallest))
    normal = b.select(tiny, b.mul(x, b.constant(2.0**f.scale)), x)
    bits = b.cast("bitcast", normal, b.type, b.integer)
    whole = b.whole("ashr", b.whole("sub", bits, b.integers(f.root_half)), b.integers(f.fraction))
    m = b.cast("bitcast", b.whole("sub", bits, b.whole("shl", whole, b.integers(f.fraction))), b.integer, b.type)
    n = b.cast("sitofp", whole, b.integer, b.type)
    n = b.select(tiny, b.sub(n, b.constant(f.scale)), n)
    t = b.sub(m, b.constant(1))
    s = b.div(t, b.add(t, b.constant(2)))
    square = b.mul(s, s)
    # 2·artanh(s) = t − s·(t − R) with R = 2·(s²/3 + s⁴/5 + …): t is exact, the rest is small (fdlibm's e_log.c)
    series = b.mul(square, polynomial(b, square, [2 / (2 * k + 1) for k in range(f.log_terms, 0, -1)]))
    result = b.sub(t, b.mul(s, b.sub(t, series)))
    result = b.fma(n, b.constant(f.ln2[0]), b.fma(n, b.constant(f.ln2[1]), result))
    result = b.select(b.compare("oeq", x, b.constant(0)), b.constant(-math.inf), result)
    result = b.select(b.compare("olt", x, b.constant(0)), b.constant(math.nan), result)
    return b.select(b.compare("olt", x, b.constant(math.inf)), result, x)  # +inf and NaN are their own logarithm


def log1p(b: Builder, x: Value) -> Value:
    """ln u + (x − (u − 1))/u with u = 1 + x rounded."""
    u = b.add(x, b.constant(1))
    lost = b.sub(x, b.sub(u, b.constant(1)))
    rounded = log(b, u)
    edge = b.compare("ueq", b.math("fabs", rounded), b.constant(math.inf))
    return b.select(edge, rounded, b.add(rounded, b.div(lost, u)))


def erf(b: Builder, x: Value) -> Value:
    """x·P(x²) for |x| < 1, else ±(1 − e^(−x²)·Q((|x| − 2)/(|x| + 2)))."""
    f = FORMATS[b.dtype]
    size = b.math("fabs", x)
    small = b.mul(x, polynomial(b, b.mul(x, x), f.erf_small))
    a = b.clamp(size, 0.0, f.erf_one)
    t = b.div(b.sub(a, b.constant(2)), b.add(a, b.constant(2)))
    rest = b.mul(exp(b, b.neg(b.mul(a, a))), polynomial(b, t, f.erfcx))
    large = b.math("copysign", b.sub(b.constant(1), rest), x)
    return b.select(b.compare("ogt", size, b.constant(1)), large, small)


def sign(b: Builder, x: Value) -> Value:
    one = b.math("copysign", b.constant(1), x)
    return b.select(b.compare("une", x, b.constant(0)), b.select(b.compare("uno", x, x), x, one), b.constant(0))


def extremum(condition: str) -> Callable[[Builder, Value, Value], Value]:
    """maximum or minimum; as torch's, NaN if either is."""

    def choose(b: Builder, x: Value, y: Value) -> Value:
        return b.select(b.compare("uno", x, x), x, b.select(b.compare(condition, x, y), x, y))

    return choose


def truth(condition: str) -> Callable[[Builder, Value, Value], Value]:
    return lambda b, x, y: b.select(b.compare(condition, x, y), b.constant(1), b.constant(0))


ELEMENTWISE: dict[str, Callable[..., Value]] = {
    "add": Builder.add,
    "sub": Builder.sub,
    "mul": Builder.mul,
    "div": Builder.div,
    "neg": Builder.neg,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "sqrt": lambda b, x: b.math("sqrt", x),
    "abs": lambda b, x: b.math("fabs", x),
    "sign": sign,
    "tanh": tanh,
    "erf": erf,
    "sin": lambda b, x: b.math("sin", x),
    "cos": lambda b, x: b.math("cos", x),
    "pow": lambda b, x, y: b.math("pow", x, y),
    "maximum": extremum("ogt"),
    "minimum": extremum("olt"),
    "gt": truth("ogt"),
    "ge": truth("oge"),
    "eq": truth("oeq"),
    "where": lambda b, c, x, y: b.select(b.compare("une", c, b.constant(0)), x, y),
}
