"""LLVM IR as text: one function, written instruction by instruction.

A value is its LLVM name ("%7") or a literal; an index is such a name of type i64 or a Python int, and what can be
computed from Python ints is. A Builder writes numbers of one dtype and one width (how many lanes a vector has);
`of(width)` writes into the same function with another width. LLVM's passes are not used: what is written here is what
the processor gets, instruction selection and register allocation aside.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

Value: TypeAlias = str
Index: TypeAlias = "str | int"
Term: TypeAlias = "Index | tuple[Index, Index]"  # an offset in elements, or (index, stride)


@dataclass(frozen=True)
class Target:
    """What the code is written for.

    vector_bytes, registers   of the vector registers
    scalef                    2ⁿ·x is one instruction, and so is to look up one of 32 numbers (AVX-512)
    x86                       it is one of these processors
    give_way                  the C function that lets another thread run, or ""
    """

    vector_bytes: int
    registers: int
    scalef: bool
    x86: bool = True
    give_way: str = "sched_yield"

    def lanes(self, dtype: str) -> int:
        return self.vector_bytes // np.dtype(dtype).itemsize


@dataclass
class Function:
    """The growing text: lines, the number of the next value, the block being written, what else the module needs.

    declared   declarations of intrinsics
    helpers    functions of the module that this one calls, by name
    """

    lines: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    helpers: dict[str, list[str]] = field(default_factory=dict)
    block: str = "entry"
    count: int = 0

    def number(self) -> int:
        self.count += 1
        return self.count


@dataclass(frozen=True)
class Loop:
    """A loop being written. `carry` makes a value that changes from turn to turn, `pass_on` says what it becomes."""

    index: Index
    before: str
    phis: dict[Value, list[str]]
    stops: list[Value]

    @property
    def runs_once(self) -> bool:
        return self.before == ""

    def carry(self, builder: Builder, start: Value, kind: str = "") -> Value:
        if self.runs_once:
            return start
        name = f"%c{builder.function.number()}"
        self.phis[name] = [kind or builder.type, start]
        return name

    def pass_on(self, carried: Value, value: Value) -> None:
        if not self.runs_once:
            self.phis[carried].append(value)

    def stop_unless(self, condition: Value) -> None:
        self.stops.append(condition)


class Builder:
    """Writes instructions on vectors of `width` numbers of `dtype`; width 1 are plain numbers.

    strict   no instruction may be fused or reordered (LLVM's flag `contract` is left out)
    """

    def __init__(
        self, dtype: str, width: int, target: Target, strict: bool = False, function: Function | None = None
    ) -> None:
        self.dtype, self.width, self.target, self.strict = dtype, width, target, strict
        self.function = function or Function()
        self.bits = 8 * np.dtype(dtype).itemsize
        self.number = {32: "float", 64: "double"}[self.bits]
        self.type = self._vector(self.number)
        self.integer = self._vector(f"i{self.bits}")
        self.truth = self._vector("i1")
        self.flags = "" if strict else "contract "

    def of(self, width: int) -> Builder:
        return Builder(self.dtype, width, self.target, self.strict, self.function)

    def _vector(self, element: str) -> str:
        return element if self.width == 1 else f"<{self.width} x {element}>"

    # ---------------------------------------------------------------- text

    def write(self, line: str) -> None:
        self.function.lines.append("  " + line)

    def value(self, instruction: str) -> Value:
        name = f"%v{self.function.number()}"
        self.write(f"{name} = {instruction}")
        return name

    def side_by_side(self, chains: Sequence[Callable[[], Value]]) -> list[Value]:
        """Chains of the same instructions on other values, line by line: a processor looks ahead only so far."""
        before, columns, results = self.function.lines, [], []
        for chain in chains:
            self.function.lines = []
            results.append(chain())
            columns.append(self.function.lines)
        self.function.lines = before + [line for row in zip(*columns, strict=True) for line in row]
        return results

    def label(self, name: str) -> None:
        self.function.lines.append(name + ":")
        self.function.block = name

    def intrinsic(self, name: str, result: str, *arguments: tuple[str, Value]) -> Value:
        kinds = ", ".join(kind for kind, _ in arguments)
        self.function.declared.add(f"declare {result} @{name}({kinds})")
        return self.value(f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")

    def helper(self, name: str, arguments: Sequence[str], write: Callable[[Builder], None]) -> None:
        """Have a function of this name in the module; it returns nothing."""
        if name not in self.function.helpers:
            inner = Builder(self.dtype, self.width, self.target, self.strict)
            inner.function.declared = self.function.declared
            write(inner)
            head = f"define internal void @{name}({', '.join(arguments)}) #0 {{"
            self.function.helpers[name] = [head, "entry:", *inner.function.lines, "  ret void", "}"]

    def module(self, name: str, arguments: Sequence[str]) -> str:
        """The finished module: `i64 name(arguments)`."""
        function = self.function
        helpers = [line for lines in function.helpers.values() for line in lines]
        head = f"define i64 @{name}({', '.join(arguments)}) #0 {{"
        width = f'"prefer-vector-width"="{8 * self.target.vector_bytes}"'
        # "stackrealign": else a vector that does not find a register may lie across two cache lines of the stack
        attributes = f'attributes #0 = {{ nounwind "stackrealign" "no-trapping-math"="true" {width} }}'
        return "\n".join([*sorted(function.declared), *helpers, head, "entry:", *function.lines, "}", attributes, ""])

    # ---------------------------------------------------------------- constants

    def literal(self, number: float) -> str:
        rounded = float(np.dtype(self.dtype).type(number))
        return f"0x{struct.unpack('>Q', struct.pack('>d', rounded))[0]:016X}"

    def constant(self, number: float) -> Value:
        return self.literal(number) if self.width == 1 else f"splat ({self.number} {self.literal(number)})"

    def constants(self, numbers: Sequence[float]) -> Value:
        return f"<{', '.join(f'{self.number} {self.literal(number)}' for number in numbers)}>"

    def integers(self, number: int) -> Value:
        return str(number) if self.width == 1 else f"splat (i{self.bits} {number})"

    # ---------------------------------------------------------------- arithmetic

    def _binary(self, instruction: str, a: Value, b: Value) -> Value:
        return self.value(f"{instruction} {self.flags}{self.type} {a}, {b}")

    def add(self, a: Value, b: Value) -> Value:
        return self._binary("fadd", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self._binary("fsub", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self._binary("fmul", a, b)

    def div(self, a: Value, b: Value) -> Value:
        return self._binary("fdiv", a, b)

    def neg(self, a: Value) -> Value:
        return self.value(f"fneg {self.type} {a}")

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a·b + c, rounded once where the processor can (llvm.fma itself is a libm call where it cannot)."""
        return self.math("fmuladd", a, b, c)

    def math(self, name: str, *arguments: Value) -> Value:
        """One of LLVM's intrinsics on numbers: sqrt, fabs, rint, copysign, …"""
        suffix = f"f{self.bits}" if self.width == 1 else f"v{self.width}f{self.bits}"
        return self.intrinsic(f"llvm.{name}.{suffix}", self.type, *((self.type, a) for a in arguments))

    def whole(self, instruction: str, a: Value, b: Value) -> Value:
        """An instruction on integers as wide as the numbers."""
        return self.value(f"{instruction} {self.integer} {a}, {b}")

    def compare(self, condition: str, a: Value, b: Value) -> Value:
        return self.value(f"fcmp {condition} {self.type} {a}, {b}")

    def select(self, truth: Value, a: Value, b: Value) -> Value:
        return self.value(f"select {self.truth} {truth}, {self.type} {a}, {self.type} {b}")

    def both(self, a: Value, b: Value) -> Value:
        return self.value(f"and {self.truth} {a}, {b}")

    def either(self, a: Value, b: Value) -> Value:
        return self.value(f"or {self.truth} {a}, {b}")

    def negated(self, a: Value) -> Value:
        return self.value(f"xor {self.truth} {a}, {self.every(True)}")

    def every(self, truth: bool) -> Value:
        """The same in each lane."""
        return str(truth).lower() if self.width == 1 else f"splat (i1 {str(truth).lower()})"

    def cast(self, how: str, a: Value, source: str, wanted: str) -> Value:
        return self.value(f"{how} {source} {a} to {wanted}")

    def clamp(self, x: Value, low: float, high: float) -> Value:
        x, bound = self.at_most(x, high), self.constant(low)
        return self.select(self.compare("olt", x, bound), bound, x)

    def at_most(self, x: Value, high: float) -> Value:
        """Written so that NaN passes and it is one instruction (llvm.minnum takes three)."""
        bound = self.constant(high)
        return self.select(self.compare("ogt", x, bound), bound, x)

    # ---------------------------------------------------------------- lanes

    def splat(self, number: Value) -> Value:
        """A plain number in every lane."""
        if self.width == 1:
            return number
        first = self.value(f"insertelement {self.type} poison, {self.number} {number}, i32 0")
        return self.shuffle(first, "poison", [0] * self.width)

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        """The lanes of a followed by b; −1 is any number."""
        mask = ", ".join("i32 poison" if lane < 0 else f"i32 {lane}" for lane in lanes)
        return self.value(f"shufflevector {self.type} {a}, {self.type} {b}, <{len(lanes)} x i32> <{mask}>")

    def in_registers(self, instruction: Callable[..., Value], *operands: Value) -> Value:
        """An instruction that there is for whole registers only, on any number of lanes.

        `instruction` takes a Builder as wide as a register, and what of each operand lies in it.
        """
        inner = self.of(self.target.lanes(self.dtype))
        if self.width == inner.width:
            return instruction(inner, *operands)
        if self.width == 1:
            filled = [inner.value(f"insertelement {inner.type} poison, {self.number} {a}, i32 0") for a in operands]
            return inner.lane(instruction(inner, *filled), 0)
        parts = []
        for start in range(0, self.width, inner.width):
            lanes = [lane if lane < self.width else -1 for lane in range(start, start + inner.width)]
            parts.append(instruction(inner, *(self.shuffle(a, "poison", lanes) for a in operands)))
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=True)
            parts = [inner.shuffle(*pair, range(2 * inner.width)) for pair in pairs]
            inner = inner.of(2 * inner.width)
        return inner.shuffle(parts[0], "poison", range(self.width)) if self.width < inner.width else parts[0]

    def lane(self, a: Value, lane: int) -> Value:
        return a if self.width == 1 else self.value(f"extractelement {self.type} {a}, i32 {lane}")

    def total(self, a: Value, start: Value = "") -> Value:
        """`start` plus the sum of all lanes, a plain number; in strict mode in their order."""
        flags, suffix = "" if self.strict else "reassoc ", f"v{self.width}f{self.bits}"
        name = f"llvm.vector.reduce.fadd.{suffix}"
        self.function.declared.add(f"declare {self.number} @{name}({self.number}, {self.type})")
        return self.value(
            f"call {flags}{self.number} @{name}({self.number} {start or self.literal(-0.0)}, {self.type} {a})"
        )

    def first_lanes(self, count: int) -> Value:
        """The first `count` lanes true, the others false."""
        return f"<{', '.join(f'i1 {str(lane < count).lower()}' for lane in range(self.width))}>"

    # ---------------------------------------------------------------- memory

    def times(self, index: Index, stride: Index) -> Index:
        if isinstance(index, int) and isinstance(stride, int):
            return index * stride
        if index == 0 or stride == 0:
            return 0
        if stride == 1:
            return index
        return stride if index == 1 else self.value(f"mul i64 {index}, {stride}")

    def plus(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if b == 0:
            return a
        return b if a == 0 else self.value(f"add i64 {a}, {b}")

    def address(self, base: Value, *terms: Term, element: str = "") -> Value:
        """Pointer to base[Σ terms], in elements of the dtype (or of `element`)."""
        fixed = 0
        for term in terms:
            index, stride = term if isinstance(term, tuple) else (term, 1)
            offset = self.times(index, stride)
            if isinstance(offset, int):
                fixed += offset
            else:
                base = self.value(f"getelementptr {element or self.number}, ptr {base}, i64 {offset}")
        return self.value(f"getelementptr {element or self.number}, ptr {base}, i64 {fixed}") if fixed else base

    def load(self, pointer: Value) -> Value:
        return self.value(f"load {self.type}, ptr {pointer}, align {self.bits // 8}")

    def load_all(self, pointer: Value) -> Value:
        """One number from memory in every lane."""
        return self.splat(self.of(1).load(pointer))

    def load_index(self, pointer: Value) -> Value:
        return self.value(f"load i64, ptr {pointer}, align 8")

    def store(self, a: Value, pointer: Value) -> None:
        self.write(f"store {self.type} {a}, ptr {pointer}, align {self.bits // 8}")

    # ---------------------------------------------------------------- branches and loops

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """What is written inside runs only if the condition holds; its values are not seen outside."""
        number = self.function.number()
        self.write(f"br i1 {condition}, label %then{number}, label %after{number}")
        self.label(f"then{number}")
        yield
        self.write(f"br label %after{number}")
        self.label(f"after{number}")

    @contextmanager
    def loop(self, count: Index, step: int = 1, start: Index = 0) -> Iterator[Loop]:
        """for index = start; index < count; index += step. Do-while: the first turn is always made."""
        if isinstance(count, int) and isinstance(start, int) and start + step >= count:
            yield Loop(start, "", {}, [])
            return
        number = self.function.number()
        head, after, index = f"loop{number}", f"after{number}", f"%i{number}"
        loop = Loop(index, self.function.block, {}, [])
        self.write(f"br label %{head}")
        self.label(head)
        place = len(self.function.lines)
        yield loop
        following = self.value(f"add i64 {index}, {step}")
        going_on = self.value(f"icmp slt i64 {following}, {count}")
        for condition in loop.stops:
            going_on = self.value(f"and i1 {going_on}, {condition}")
        self.write(f"br i1 {going_on}, label %{head}, label %{after}")
        last = self.function.block
        phis = {index: ["i64", str(start), following], **loop.phis}
        self.function.lines[place:place] = [
            f"  {name} = phi {kind} [{first}, %{loop.before}], [{value}, %{last}]"
            for name, (kind, first, value) in phis.items()
        ]
        self.label(after)
