"""Recurrent networks: RNN, LSTM and GRU over sequences, padded or packed, and their single steps.

Every step of a cell sees a = W_ih·x_t + b_ih and b = W_hh·h_{t−1} + b_hh:

    RNN     h_t = tanh(a + b), or ReLU
    LSTM    i, f, g, o = σ, σ, tanh, σ of the four parts of a + b      (Hochreiter & Schmidhuber 1997; Gers et al. 2000)
            c_t = f·c_{t−1} + i·g,  h_t = o·tanh(c_t)
    GRU     r, z = σ of two parts of a + b,  n = tanh(a_n + r·b_n)     (Cho et al. 2014; there r acts on h, before W)
            h_t = (1 − z)·n + z·h_{t−1}

The gradient goes back through time (Werbos 1990): at step t it is what the output sends plus what step t + 1 sends back
through h and c. The numbers between the steps are computed again, in PyTorch's order: where a gate is saturated, the
last digit of h decides how large 1 − h² is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import torch
import torch.nn.functional as F

from chainrule.formula import Formula, Index, Symbol, Words, symbols
from chainrule.formula.tree import tanh
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, x

State: TypeAlias = "tuple[Tensor, ...]"  # (h,), of an LSTM (h, c)
Kept: TypeAlias = "tuple[Tensor, ...]"  # what the way back reads of one step


@dataclass(frozen=True)
class Factors:
    """How local derivatives are read: as they are, or positive, for the magnitude."""

    positive: bool

    def size(self, t: Tensor) -> Tensor:
        return t.abs() if self.positive else t

    def one_minus(self, t: Tensor) -> Tensor:
        """1 − t for t from 0 to 1. In a magnitude a quarter of t is counted: it covers the last digits of t itself,
        which was computed again. All of it, 1 + t, would double at every step, and excuse any error."""
        return 1 - t + t / 4 if self.positive else 1 - t


@dataclass(frozen=True)
class Cell:
    """One step. `back` gives the gradients of a and of b, and of the state before except through b.

    forward   (a, b, state) -> the state after, and what `back` reads
    back      (kept, gradient of the state after, factors) -> (gradient of a, of b, of the state before)
    """

    forward: Callable[[Tensor, Tensor, State], tuple[State, Kept]]
    back: Callable[[Kept, State, Factors], tuple[Tensor, Tensor, State]]


def tanh_forward(a: Tensor, b: Tensor, state: State) -> tuple[State, Kept]:
    h = torch.tanh(a + b)
    return (h,), (h,)


def relu_forward(a: Tensor, b: Tensor, state: State) -> tuple[State, Kept]:
    h = torch.relu(a + b)
    return (h,), (h,)


def tanh_back(kept: Kept, upstream: State, factors: Factors) -> tuple[Tensor, Tensor, State]:
    (h,), (to_h,) = kept, upstream
    through = to_h * factors.one_minus(h * h)
    return through, through, (torch.zeros_like(to_h),)


def relu_back(kept: Kept, upstream: State, factors: Factors) -> tuple[Tensor, Tensor, State]:
    (h,), (to_h,) = kept, upstream
    through = to_h * (h > 0)
    return through, through, (torch.zeros_like(to_h),)


def lstm_forward(a: Tensor, b: Tensor, state: State) -> tuple[State, Kept]:
    i, f, g, o = (a + b).chunk(4, -1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    before = state[1]
    c = f * before + i * g
    squashed = torch.tanh(c)
    return (o * squashed, c), (i, f, g, o, before, squashed)


def lstm_back(kept: Kept, upstream: State, factors: Factors) -> tuple[Tensor, Tensor, State]:
    i, f, g, o, before, squashed = kept
    to_h, to_c = upstream
    size, one_minus = factors.size, factors.one_minus
    to_c = to_c + to_h * o * one_minus(squashed * squashed)
    parts = (
        to_c * size(g) * i * one_minus(i),
        to_c * size(before) * f * one_minus(f),
        to_c * i * one_minus(g * g),
        to_h * size(squashed) * o * one_minus(o),
    )
    through = torch.cat(parts, -1)
    return through, through, (torch.zeros_like(to_h), to_c * f)


def gru_forward(a: Tensor, b: Tensor, state: State) -> tuple[State, Kept]:
    a_r, a_z, a_n = a.chunk(3, -1)
    b_r, b_z, b_n = b.chunk(3, -1)
    r, z = torch.sigmoid(a_r + b_r), torch.sigmoid(a_z + b_z)
    n = torch.tanh(a_n + r * b_n)
    before = state[0]
    return ((1 - z) * n + z * before,), (r, z, n, b_n, before)


def gru_back(kept: Kept, upstream: State, factors: Factors) -> tuple[Tensor, Tensor, State]:
    r, z, n, b_n, before = kept
    (to_h,) = upstream
    size, one_minus = factors.size, factors.one_minus
    to_n = to_h * one_minus(z) * one_minus(n * n)
    to_z = to_h * (size(before) + size(-n)) * z * one_minus(z)
    to_r = to_n * size(b_n) * r * one_minus(r)
    return torch.cat((to_r, to_z, to_n), -1), torch.cat((to_r, to_z, to_n * r), -1), (to_h * z,)


TANH, RELU = Cell(tanh_forward, tanh_back), Cell(relu_forward, relu_back)
LSTM, GRU = Cell(lstm_forward, lstm_back), Cell(gru_forward, gru_back)

# ---------------------------------------------------------------- one layer, in one direction


@dataclass(frozen=True)
class Unrolled:
    """A layer over all steps. Rows of `x` and `output` are the steps' samples one after another, `sizes[t]` of step t.

    weights   W_ih, W_hh and, where there are biases, b_ih, b_hh
    order     the steps as they were taken, last to first in the reverse direction
    before    h before each step; `kept` what each step kept
    """

    cell: Cell
    x: Tensor
    sizes: list[int]
    weights: list[Tensor]
    order: list[int]
    before: list[Tensor]
    kept: list[Kept]
    output: Tensor


def unrolled(cell: Cell, x: Tensor, sizes: list[int], state: State, weights: list[Tensor], reverse: bool) -> Unrolled:
    """Sequences that are over keep their state, and those that have not begun their first one."""
    w_ih, w_hh, *biases = weights
    b_ih, b_hh = biases or (None, None)
    a = F.linear(x, w_ih, b_ih).split(sizes)
    order = list(range(len(sizes)))
    if reverse:
        order.reverse()
    before, output = ([x] * len(sizes) for _ in range(2))
    kept: list[Kept] = [()] * len(sizes)
    for t in order:
        active = tuple(s[: sizes[t]] for s in state)
        after, kept[t] = cell.forward(a[t], F.linear(active[0], w_hh, b_hh), active)
        before[t], output[t] = active[0], after[0]
        state = joined(after, state, sizes[t])
    return Unrolled(cell, x, sizes, weights, order, before, kept, torch.cat(output))


def joined(first: State, whole: State, rows: int) -> State:
    """`first` in place of the first rows of `whole`."""
    return tuple(f if rows == len(w) else torch.cat((f, w[rows:])) for f, w in zip(first, whole, strict=True))


@dataclass(frozen=True)
class Returned:
    """What goes back out of a layer: the gradients of x, of the first state and of the weights.

    met   the gradient of the state after each step, as that step met it
    """

    x: Tensor
    state: State
    weights: list[Tensor]
    met: list[State]


def through_time(
    layer: Unrolled, upstream: Tensor, final: State, factors: Factors, met: list[State] | None = None
) -> Returned:
    """Back from the gradients of the output and of the last state; or, with `met`, each step from what it met then."""
    pieces = upstream.split(layer.sizes)
    to_a, to_b = ([upstream] * len(layer.sizes) for _ in range(2))
    meets: list[State] = [()] * len(layer.sizes)
    state = final
    recurrent = factors.size(layer.weights[1])
    for t in reversed(layer.order):
        active = tuple(s[: layer.sizes[t]] for s in state)
        meets[t] = (active[0] + pieces[t], *active[1:]) if met is None else tuple(map(factors.size, met[t]))
        to_a[t], to_b[t], direct = layer.cell.back(layer.kept[t], meets[t], factors)
        state = joined((direct[0] + to_b[t] @ recurrent, *direct[1:]), state, layer.sizes[t])
    a, b = torch.cat(to_a), torch.cat(to_b)
    weights = [a.mT @ factors.size(layer.x), b.mT @ factors.size(torch.cat(layer.before))]
    if len(layer.weights) > 2:
        weights += [a.sum(0), b.sum(0)]
    return Returned(a @ factors.size(layer.weights[0]), state, weights, meets)


class Read(Enum):
    """What is asked for: the gradient, its magnitude, or the sizes of the terms of each step.

    The magnitude of a gradient that went through many steps says little: made of |W| at each, it grows where the
    gradient itself does not.
    """

    GRADIENT, MAGNITUDE, OF_EACH_STEP = range(3)


def returned(layer: Unrolled, upstream: Tensor, final: State, read: Read) -> tuple[Tensor, Returned]:
    """What goes on to the layer below, and what is asked for."""
    found = through_time(layer, upstream, final, Factors(read is Read.MAGNITUDE))
    if read is not Read.OF_EACH_STEP:
        return found.x, found
    return found.x, through_time(layer, upstream, final, Factors(True), found.met)


# ---------------------------------------------------------------- layers above each other, in both directions


def network_back(
    c: Bound, cell: Cell, rows: Tensor, sizes: list[int], upstream: list[Tensor | None], read: Read
) -> tuple[Tensor, Gradients]:
    """The gradient of `rows`, which are x's samples step by step, and those of hx and params."""
    first = c.hx if isinstance(c.hx, list | tuple) else [c.hx]
    output, *ends = upstream
    width = c.call.outputs[0].shape[-1]
    final = [torch.zeros_like(h) if g is None else g for g, h in zip(ends, first, strict=True)]
    ways, each = 2 if c.bidirectional else 1, 4 if c.has_biases else 2
    layers: list[list[Unrolled]] = []
    entering = rows
    for layer in range(c.num_layers):
        places = range(layer * ways, layer * ways + ways)
        runs = [
            unrolled(
                cell, entering, sizes, tuple(h[k] for h in first), c.params[k * each : (k + 1) * each], k % ways > 0
            )
            for k in places
        ]
        layers.append(runs)
        entering = torch.cat([run.output for run in runs], -1)
    flow = rows.new_zeros(len(rows), width) if output is None else output.reshape(-1, width)
    to_x, states = flow, list[State]()
    weights: list[Tensor] = []
    for layer in reversed(range(c.num_layers)):
        parts = flow.chunk(ways, -1)
        sent = [
            returned(run, part, tuple(g[layer * ways + way] for g in final), read)
            for way, (run, part) in enumerate(zip(layers[layer], parts, strict=True))
        ]
        flow = sum_of([onwards for onwards, _ in sent])
        to_x = sum_of([found.x for _, found in sent])
        states = [found.state for _, found in sent] + states
        weights = [w for _, found in sent for w in found.weights] + weights
    before = [torch.stack([state[i] for state in states]) for i in range(len(first))]
    return to_x, {"hx": before if isinstance(c.hx, list | tuple) else before[0], "params": weights}


def sum_of(tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else tensors[0] + tensors[1]


def padded_back(c: Bound, cell: Cell, upstream: tuple[Tensor | None, ...], read: Read) -> Gradients:
    def by_step(t: Tensor) -> Tensor:
        return t.transpose(0, 1) if c.batch_first else t

    output, *ends = upstream
    steps = by_step(c.input)
    length, batch, width = steps.shape
    flow = [None if output is None else by_step(output), *ends]
    found, gradients = network_back(c, cell, steps.reshape(-1, width), [batch] * length, flow, read)
    return {"input": by_step(found.reshape(steps.shape)), **gradients}


def packed_back(c: Bound, cell: Cell, upstream: tuple[Tensor | None, ...], read: Read) -> Gradients:
    found, gradients = network_back(c, cell, c.input, c.batch_sizes.tolist(), list(upstream), read)
    return {"input": found, **gradients}


def cell_back(c: Bound, cell: Cell, upstream: tuple[Tensor | None, ...], read: Read) -> Gradients:
    several = isinstance(c.hx, list | tuple)
    first = tuple(c.hx) if several else (c.hx,)
    weights = [c.w_ih, c.w_hh] + ([] if c.b_ih is None else [c.b_ih, c.b_hh])
    run = unrolled(cell, c.input, [len(c.input)], first, weights, reverse=False)
    final = tuple(torch.zeros_like(h) if g is None else g for g, h in zip(upstream, first, strict=True))
    _, found = returned(run, torch.zeros_like(first[0]), final, read)
    names = ("w_ih", "w_hh", "b_ih", "b_hh")
    state = list(found.state) if several else found.state[0]
    return {"input": found.x, "hx": state, **dict(zip(names, found.weights, strict=False))}


def network_declines(c: Bound) -> str:
    if not isinstance(c.has_biases, bool):  # the two ways to call it differ in the order of arguments alone
        return "not packed" if "batch_sizes" in c.call.arguments else "packed, and with dropout or a projection"
    if c.dropout and c.train and c.num_layers > 1:
        return "dropout between its layers"
    each = 4 if c.has_biases else 2
    if len(c.call.arguments["params"]) != each * c.num_layers * (2 if c.bidirectional else 1):
        return "h is projected"
    return cell_declines(c)


def cell_declines(c: Bound) -> str:
    return "autocast" if c.call.autocast is not None else ""


# ---------------------------------------------------------------- the rules

t, before_t = Symbol("t"), Symbol("before", "t−1", "t-1")
h, cell_state, gate_i, gate_f, gate_g, gate_o, gate_z, gate_n = symbols("h c i f g o z n")
W_IH, W_HH = Symbol("w_ih", "W_ih", "W_{ih}"), Symbol("w_hh", "W_hh", "W_{hh}")
B_IH, B_HH = Symbol("b_ih", "b_ih", "b_{ih}"), Symbol("b_hh", "b_hh", "b_{hh}")
H_BEFORE = Index(h, (before_t,))
SEEN = W_IH @ Index(x, (t,)) + B_IH + W_HH @ H_BEFORE + B_HH
LSTM_VALUE = gate_o * tanh(gate_f * Index(cell_state, (before_t,)) + gate_i * gate_g)
GRU_VALUE = (1 - gate_z) * gate_n + gate_z * H_BEFORE
THROUGH = Words("through the steps")
NETWORK = "hx, params, has_biases, num_layers, dropout, train, bidirectional"


def recurrent(
    name: str,
    signature: str,
    function: str,
    back: Callable[[Bound, Cell, tuple[Tensor | None, ...], Read], Gradients],
    cell: Cell,
    formula: Formula,
    keeps: str,
    declines: Callable[[Bound], str],
) -> Adjoint:
    differentiable = [word for word in ("input", *keeps.split()) if word != "batch_sizes"]

    def reading(read: Read) -> Callable[..., Gradients]:
        return lambda c, *upstream: back(c, cell, upstream, read)

    return rule(
        name,
        signature,
        functions=f"torch.{function}",
        formula=formula,
        partials=dict.fromkeys(differentiable, THROUGH),
        keeps=f"input {keeps}",
        symbol={"l": "LSTM", "g": "GRU", "r": "RNN"}[function[0]],
        note="back through time: Werbos 1990",
        declines=declines,
        magnitude=reading(Read.MAGNITUDE),
        scale=reading(Read.OF_EACH_STEP),
    )(reading(Read.GRADIENT))


def padded(name: str, cell: Cell, formula: Formula) -> Adjoint:
    signature = f"input, {NETWORK}, batch_first"
    return recurrent(name, signature, name, padded_back, cell, formula, "hx params", network_declines)


def packed(name: str, cell: Cell, formula: Formula) -> Adjoint:
    signature = f"input, batch_sizes, {NETWORK}"
    keeps = "batch_sizes hx params"
    return recurrent(f"packed_{name}", signature, name, packed_back, cell, formula, keeps, network_declines)


def single(name: str, cell: Cell, formula: Formula) -> Adjoint:
    signature, keeps = "input, hx, w_ih, w_hh, b_ih=None, b_hh=None", "hx w_ih w_hh b_ih b_hh"
    return recurrent(name, signature, name, cell_back, cell, formula, keeps, cell_declines)


packed_rnn_tanh, rnn_tanh = (kind("rnn_tanh", TANH, tanh(SEEN)) for kind in (packed, padded))
packed_rnn_relu, rnn_relu = (kind("rnn_relu", RELU, named("relu", SEEN)) for kind in (packed, padded))
packed_lstm, lstm = (kind("lstm", LSTM, LSTM_VALUE) for kind in (packed, padded))
packed_gru, gru = (kind("gru", GRU, GRU_VALUE) for kind in (packed, padded))
rnn_tanh_cell, rnn_relu_cell = (
    single("rnn_tanh_cell", TANH, tanh(SEEN)),
    single("rnn_relu_cell", RELU, named("relu", SEEN)),
)
lstm_cell, gru_cell = single("lstm_cell", LSTM, LSTM_VALUE), single("gru_cell", GRU, GRU_VALUE)
