"""The published examples of tests/data/published.json as small PyTorch programs.

PROGRAMS[id](inputs) runs the example in float64 and returns the numbers that its source prints, by the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Inputs = dict[str, Any]
Numbers = dict[str, Any]
PROGRAMS: dict[str, Callable[[Inputs], Numbers]] = {}


def example(function: Callable[[Inputs], Numbers]) -> Callable[[Inputs], Numbers]:
    PROGRAMS[function.__name__] = function
    return function


def data(value: Any) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def weight(value: Any) -> Tensor:
    return data(value).requires_grad_()


def kept(*results: Tensor) -> None:
    """Let the backward pass leave these results their gradients."""
    for result in results:
        result.retain_grad()


# ---------------------------------------------------------------- Mazur 2015


@example
def mazur_2015(inputs: Inputs) -> Numbers:
    x, target = data(inputs["x"]), data(inputs["target"])
    w1, w2 = weight(inputs["W1"]), weight(inputs["W2"])
    optimizer = torch.optim.SGD([w1, w2], lr=inputs["lr"])

    def forward() -> tuple[Tensor, ...]:
        net_h = F.linear(x, w1) + inputs["b1"]
        out_h = torch.sigmoid(net_h)
        net_o = F.linear(out_h, w2) + inputs["b2"]
        out_o = torch.sigmoid(net_o)
        return net_h, out_h, net_o, out_o, 0.5 * (target - out_o) ** 2

    net_h, out_h, net_o, out_o, errors = forward()
    kept(net_h, out_h, net_o, out_o)
    errors.sum().backward()
    # What each output alone sends back to h1, and the two factors of one link.
    by_output = net_o.grad * w2[:, 0]
    found = {
        "net_h1": net_h[0],
        "out_h1": out_h[0],
        "out_h2": out_h[1],
        "net_o1": net_o[0],
        "out_o1": out_o[0],
        "out_o2": out_o[1],
        "E_o1": errors[0],
        "E_o2": errors[1],
        "E_total": errors.sum(),
        "dE/dout_o1": out_o.grad[0],
        "dout_o1/dnet_o1": net_o.grad[0] / out_o.grad[0],
        "dnet_o1/dw5": out_h[0],
        "dE/dw5": w2.grad[0, 0],
        "delta_o1": net_o.grad[0],
        "dE_o1/dout_h1": by_output[0],
        "dE_o2/dout_h1": by_output[1],
        "dE/dout_h1": out_h.grad[0],
        "dout_h1/dnet_h1": net_h.grad[0] / out_h.grad[0],
        "dE/dw1": w1.grad[0, 0],
    }
    found = {name: number.item() for name, number in found.items()}
    optimizer.step()
    new = [*w1.flatten().tolist(), *w2.flatten().tolist()]
    found |= {f"w{i}+": number for i, number in enumerate(new, 1)}
    found["E_total after 1 step (biases kept)"] = forward()[-1].sum().item()
    for _ in range(9_999):
        optimizer.zero_grad()
        forward()[-1].sum().backward()
        optimizer.step()
    *_, out_o, errors = forward()
    found["E_total after 10000 steps"] = errors.sum().item()
    return found | {"out_o1 after 10000": out_o[0].item(), "out_o2 after 10000": out_o[1].item()}


@example
def mazur_2015_bug_replay(inputs: Inputs) -> Numbers:
    """The article's fault: the hidden layer's gradient is taken with output weights that were already updated."""
    x, target, b1, b2, lr = data(inputs["x"]), data(inputs["target"]), inputs["b1"], inputs["b2"], inputs["lr"]

    def run(steps: int, faulty: bool) -> tuple[Tensor, Tensor]:
        w1, w2 = data(inputs["W1"]), data(inputs["W2"])
        for step in range(steps + 1):
            h = torch.sigmoid(w1 @ x + b1)
            o = torch.sigmoid(w2 @ h + b2)
            if step == steps:
                break
            delta = (o - target) * o * (1 - o)
            new = w2 - lr * torch.outer(delta, h)
            back = (new if faulty else w2).T @ delta
            w1, w2 = w1 - lr * torch.outer(back * h * (1 - h), x), new
        return o, 0.5 * ((target - o) ** 2).sum()

    outputs, _ = run(10_000, faulty=True)
    return {
        "E_total after 1 step (biases kept)": run(1, faulty=True)[1].item(),
        "out_o1 after 10000": outputs[0].item(),
        "out_o2 after 10000": outputs[1].item(),
        "E_total after 9999 steps, correct algorithm": run(9_999, faulty=False)[1].item(),
    }


# ---------------------------------------------------------------- circuits of a few numbers


@example
def cs231n_q_times_z(inputs: Inputs) -> Numbers:
    x, y, z = (weight(inputs[name]) for name in "xyz")
    q = x + y
    f = q * z
    kept(q)
    f.backward()
    return {"q": q, "f": f, "df/dz": z.grad, "df/dq": q.grad, "df/dx": x.grad, "df/dy": y.grad}


@example
def micrograd_readme(inputs: Inputs) -> Numbers:
    a, b = weight(inputs["a"]), weight(inputs["b"])
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return {"g": g, "a.grad": a.grad, "b.grad": b.grad}


@example
def micrograd_lecture_L(inputs: Inputs) -> Numbers:
    leaves = {name: weight(inputs[name]) for name in "abcf"}

    def forward() -> tuple[Tensor, Tensor, Tensor]:
        e = leaves["a"] * leaves["b"]
        d = e + leaves["c"]
        return e, d, d * leaves["f"]

    e, d, loss = forward()
    kept(e, d)
    loss.backward()
    found = {f"{name}.grad": leaf.grad for name, leaf in leaves.items()}
    with torch.no_grad():
        for leaf in leaves.values():
            leaf += 0.01 * leaf.grad
    return found | {"d": d, "L": loss, "d.grad": d.grad, "e.grad": e.grad, "L after +0.01*grad": forward()[2]}


@example
def micrograd_lecture_neuron_float32_bias(inputs: Inputs) -> Numbers:
    x1, x2, w1, w2 = (weight(inputs[name]) for name in ("x1", "x2", "w1", "w2"))
    b = torch.tensor([6.8813735870195432], dtype=torch.float32).double().requires_grad_()
    o = torch.tanh(x1 * w1 + x2 * w2 + b)
    o.backward()
    return {"o": o, "x2.grad": x2.grad, "w2.grad": w2.grad, "x1.grad": x1.grad, "w1.grad": w1.grad}


@example
def micrograd_lecture_accumulate(inputs: Inputs) -> Numbers:
    a, b = weight(inputs["a"]), weight(inputs["b"])
    d = a * b
    e = a + b
    f = d * e
    kept(d, e)
    f.backward()
    return {"f": f, "d.grad": d.grad, "e.grad": e.grad, "a.grad": a.grad, "b.grad": b.grad}


@example
def karpathy_hackers_guide_mul(inputs: Inputs) -> Numbers:
    x, y = weight(inputs["x"]), weight(inputs["y"])
    (x * y).backward()
    torch.optim.SGD([x, y], lr=inputs["step"], maximize=True).step()
    return {"x.grad": x.grad, "y.grad": y.grad, "x+": x, "y+": y, "out+": x * y}


@example
def karpathy_hackers_guide_circuit(inputs: Inputs) -> Numbers:
    x, y, z = (weight(inputs[name]) for name in "xyz")
    ((x + y) * z).backward()
    torch.optim.SGD([x, y, z], lr=inputs["step"], maximize=True).step()
    return {
        "grads": torch.stack([x.grad, y.grad, z.grad]),
        "x+": x,
        "y+": y,
        "z+": z,
        "out+": (x + y) * z,
    }


@example
def olah_backprop(inputs: Inputs) -> Numbers:
    a, b = weight(inputs["a"]), weight(inputs["b"])
    c = a + b
    d = b + 1
    e = c * d
    e.backward()
    return {"c": c, "d": d, "e": e, "de/da": a.grad, "de/db": b.grad}


# ---------------------------------------------------------------- vectors and matrices


@example
def d2l_autograd(inputs: Inputs) -> Numbers:
    x = weight(inputs["x"])
    y = 2 * torch.dot(x, x)

    def gradient(result: Tensor) -> Tensor:
        x.grad = None
        result.backward()
        return x.grad

    return {
        "y": y,
        "grad 2x.x": gradient(y),
        "grad sum": gradient(x.sum()),
        "grad x*x": gradient((x * x).sum()),
        "grad detach": gradient(((x * x).detach() * x).sum()),
    }


@example
def pytorch_blitz(inputs: Inputs) -> Numbers:
    a, b = (weight(inputs[name]) for name in "ab")
    q = 3 * a**3 - b**2
    q.backward(gradient=torch.ones_like(q))
    return {"a.grad": a.grad, "b.grad": b.grad}


@example
def tinygrad_readme(inputs: Inputs) -> Numbers:
    x = torch.eye(3, dtype=torch.float64, requires_grad=True)
    y = weight(inputs["y"])
    y.matmul(x).sum().backward()
    return {"x.grad": x.grad, "y.grad": y.grad}


@example
def goodfellow_xor(inputs: Inputs) -> Numbers:
    x, w, c, out = data(inputs["X"]), weight(inputs["W"]), data(inputs["c"]), weight(inputs["w"])
    product = x @ w
    net = product + c
    hidden = torch.relu(net)
    return {"XW": product, "XW+c": net, "h": hidden, "y": hidden @ out + inputs["b"]}


@example
def jax_tanh_derivatives(inputs: Inputs) -> Numbers:
    x = weight(inputs["x"])
    y, found = torch.tanh(x), {}
    for order in (1, 2, 3):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        found[f"d{order}"] = y
    return found


@example
def jax_sum_logistic(inputs: Inputs) -> Numbers:
    x = weight(inputs["x"])
    (1 / (1 + torch.exp(-x))).sum().backward()
    return {"grad": x.grad}


# ---------------------------------------------------------------- neurons that learn


@example
def nielsen_toy_neuron(inputs: Inputs) -> Numbers:
    found = {}
    for start, bad in (("", ""), ("bad start, ", "_bad")):
        w, b = weight(inputs["w" + bad]), weight(inputs["b" + bad])
        optimizer = torch.optim.SGD([w, b], lr=inputs["lr"])
        found[start + "initial output"] = torch.sigmoid(w * inputs["x"] + b)
        for _ in range(inputs["epochs"]):
            optimizer.zero_grad()
            ((inputs["target"] - torch.sigmoid(w * inputs["x"] + b)) ** 2 / 2).backward()
            optimizer.step()
        found[start + "final output"] = torch.sigmoid(w * inputs["x"] + b)
    return found


@example
def raschka_llm_appendix_a(inputs: Inputs) -> Numbers:
    x, y, w, b = data([inputs["x1"]]), data([inputs["y"]]), weight([inputs["w1"]]), weight([inputs["b"]])
    loss = F.binary_cross_entropy(torch.sigmoid(x * w + b), y)
    loss.backward()
    return {"loss": loss, "grad w1": w.grad, "grad b": b.grad}


@example
def jurafsky_martin_sgd(inputs: Inputs) -> Numbers:
    x, y = data(inputs["x"]), data(inputs["y"])
    w, b = weight(inputs["w"]), weight(inputs["b"])
    F.binary_cross_entropy(torch.sigmoid(torch.dot(w, x) + b), y).backward()
    torch.optim.SGD([w, b], lr=inputs["lr"]).step()
    return {"grad": torch.cat([w.grad, b.grad[None]]), "theta+": torch.cat([w, b[None]])}


@example
def iamtrask_2layer(inputs: Inputs) -> Numbers:
    x, y = data(inputs["X"]), data(inputs["y"])[:, None]
    syn0 = weight(2 * np.random.RandomState(1).random_sample((3, 1)) - 1)
    optimizer = torch.optim.SGD([syn0], lr=inputs["lr"])
    for _ in range(inputs["iterations"]):
        l1 = torch.sigmoid(x @ syn0)
        optimizer.zero_grad()
        (0.5 * (y - l1) ** 2).sum().backward()
        optimizer.step()
    return {"l1": l1}


# ---------------------------------------------------------------- Dive into Deep Learning: descents


def descend(
    f: Callable[[Tensor], Tensor], start: Any, epochs: int, optimizer: Callable[..., Any], **settings: Any
) -> Tensor:
    x = weight(start)
    chosen = optimizer([x], **settings)
    for _ in range(epochs):
        chosen.zero_grad()
        f(x).backward()
        chosen.step()
    return x.detach()


def bowl(x: Tensor) -> Tensor:
    return 0.1 * x[0] ** 2 + 2 * x[1] ** 2


@example
def d2l_gd_1d(inputs: Inputs) -> Numbers:
    start, epochs, sgd = inputs["x0"], inputs["epochs"], torch.optim.SGD
    found = {f"lr {lr}": descend(lambda x: x**2, start, epochs, sgd, lr=lr) for lr in inputs["lr"]}
    c = 0.15 * math.pi
    return found | {"cos, lr 2": descend(lambda x: x * torch.cos(c * x), start, epochs, sgd, lr=2)}


@example
def d2l_gd_2d(inputs: Inputs) -> Numbers:
    def f(x: Tensor) -> Tensor:
        return x[0] ** 2 + 2 * x[1] ** 2

    return {"x": descend(f, inputs["x0"], inputs["epochs"], torch.optim.SGD, lr=inputs["lr"])}


def momentum(inputs: Inputs) -> Numbers:
    settings = {name: inputs[name] for name in ("lr", "momentum") if name in inputs}
    return {"x": descend(bowl, inputs["x0"], inputs["epochs"], torch.optim.SGD, **settings)}


class BookAdagrad:
    """x ← x − η·g/√(s + ε): the book's rule, with ε inside the root."""

    def __init__(self, parameters: list[Tensor], lr: float, eps: float) -> None:
        (self.x,), self.lr, self.eps = parameters, lr, eps
        self.s = torch.zeros_like(self.x)

    def zero_grad(self) -> None:
        self.x.grad = None

    @torch.no_grad()
    def step(self) -> None:
        self.s += self.x.grad**2
        self.x -= self.lr / torch.sqrt(self.s + self.eps) * self.x.grad


def adagrad(lr: float) -> Callable[[Inputs], Numbers]:
    def program(inputs: Inputs) -> Numbers:
        start, epochs, settings = inputs["x0"], inputs["epochs"], {"lr": lr, "eps": inputs["eps"]}
        return {
            "x": descend(bowl, start, epochs, BookAdagrad, **settings),
            "x, torch.optim (eps outside)": descend(bowl, start, epochs, torch.optim.Adagrad, **settings),
        }

    return program


PROGRAMS |= {
    "d2l_gd_lr_0.4": momentum,
    "d2l_momentum_lr_0.6_beta_0.5": momentum,
    "d2l_Adagrad_lr_0.4": adagrad(0.4),
    "d2l_Adagrad_lr_2": adagrad(2.0),
}
