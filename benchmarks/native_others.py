"""The same training in other engines: PyTorch eager and compiled, JAX, scikit-learn, static C.

A contender is a function of a number of steps; it trains on from where it stands. None where the engine is missing.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

Train = Callable[[int], None]
RATE = 0.1


def perceptron(sizes: Sequence[int]) -> nn.Sequential:
    """tanh between the layers, sigmoid at the end; the same weights at every call."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


def numbers(sizes: Sequence[int], batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(batch, sizes[0], generator=generator), torch.rand(batch, sizes[-1], generator=generator)


def convolutions(channels: Sequence[int], side: int) -> nn.Sequential:
    """Two convolutions and pools for square images, of a side that can be halved twice."""
    torch.manual_seed(0)
    colours, first, second = channels
    return nn.Sequential(
        *(nn.Conv2d(colours, first, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(second * (side // 4) ** 2, 10)),
    )


def images(channels: Sequence[int], side: int, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(batch, channels[0], side, side, generator=generator)
    return X, torch.randint(10, (batch,), generator=generator)


def jax_convolutions(channels: Sequence[int], side: int, batch: int) -> Train | None:
    """The same net and loss."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    X, y = (jnp.array(a.numpy()) for a in images(channels, side, batch))
    weights = [jnp.array(p.detach().numpy()) for p in convolutions(channels, side).parameters()]

    def loss(weights: Any) -> Any:
        z = X
        for w, b in (weights[:2], weights[2:4]):
            z = jax.lax.conv_general_dilated(z, w, (1, 1), "SAME") + b[:, None, None]
            z = jax.lax.reduce_window(jax.nn.relu(z), -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        scores = jax.nn.log_softmax(z.reshape(batch, -1) @ weights[4].T + weights[5])
        return -jnp.mean(scores[jnp.arange(batch), y])

    return scanned(loss, weights)


def eager(sizes: Sequence[int], batch: int) -> Train:
    return loop_of(perceptron(sizes), nn.MSELoss(), *numbers(sizes, batch))


def loop_of(model: nn.Module, loss_fn: nn.Module, X: torch.Tensor, y: torch.Tensor) -> Train:
    """PyTorch's plain loop, full batch."""
    optimizer = torch.optim.SGD(model.parameters(), RATE)

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss_fn(model(X), y).backward()
            optimizer.step()

    return train


def compiled(sizes: Sequence[int], batch: int) -> Train:
    """torch.compile of the whole functional step: several times faster than compiling the model alone."""
    (X, y), model = numbers(sizes, batch), perceptron(sizes)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def loss(weights: dict[str, torch.Tensor]) -> torch.Tensor:
        return nn.functional.mse_loss(torch.func.functional_call(model, weights, (X,)), y)

    @torch.compile
    def step(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: weights[name] - RATE * slope for name, slope in torch.func.grad(loss)(weights).items()}

    def train(steps: int) -> None:
        nonlocal weights
        for _ in range(steps):
            weights = step(weights)

    return train


def jax_scan(sizes: Sequence[int], batch: int) -> Train | None:
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    X, y = (jnp.array(a.numpy()) for a in numbers(sizes, batch))
    weights = [jnp.array(p.detach().numpy()) for p in perceptron(sizes).parameters()]

    def loss(weights: Any) -> Any:
        z = X
        for place in range(0, len(weights), 2):
            z = z @ weights[place].T + weights[place + 1]
            z = jnp.tanh(z) if place < len(weights) - 2 else jax.nn.sigmoid(z)
        return jnp.mean((z - y) ** 2)

    return scanned(loss, weights)


def scanned(loss: Callable[[Any], Any], weights: list[Any]) -> Train:
    """Gradient descent as one compiled scan."""
    import jax

    def step(weights: Any, _: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(weights)
        return [w - RATE * slope for w, slope in zip(weights, slopes, strict=True)], value

    many: dict[int, Any] = {}

    def train(steps: int) -> None:
        nonlocal weights
        if steps not in many:
            many[steps] = jax.jit(lambda weights: jax.lax.scan(step, weights, None, length=steps))
        weights, losses = many[steps](weights)
        jax.block_until_ready(losses)

    return train


def scikit_learn(sizes: Sequence[int], batch: int) -> Train | None:
    """Its output layer is the identity: it has less to do."""
    try:
        from sklearn.neural_network import MLPRegressor
    except ImportError:
        return None
    if len(sizes) < 3:
        return None
    X, y = (a.numpy() for a in numbers(sizes, batch))

    def train(steps: int) -> None:
        model = MLPRegressor(
            hidden_layer_sizes=tuple(sizes[1:-1]), activation="tanh", solver="sgd", alpha=0, batch_size=batch,
            learning_rate_init=RATE, max_iter=steps, momentum=0, n_iter_no_change=steps + 1, shuffle=False, tol=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y.ravel() if y.shape[1] == 1 else y)

    return train


def static_c(sizes: Sequence[int], batch: int) -> Train | None:
    """Loops over arrays whose sizes the compiler knows: gcc -O3 -march=native -ffast-math, the samples innermost."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    lines = ["#include <math.h>", f"#define N {batch}", f"static float h0[{sizes[0]}][N], y[{sizes[-1]}][N];"]
    body = []
    for layer, (i, o) in enumerate(pairwise(sizes), 1):
        last = layer == len(sizes) - 1
        lines.append(f"static float w{layer}[{o}][{i}], b{layer}[{o}], h{layer}[{o}][N], g{layer}[{o}][N];")
        function = "1/(1+expf(-z[n]))" if last else "tanhf(z[n])"
        body.append(
            f"for(int o=0;o<{o};o++){{float z[N];for(int n=0;n<N;n++)z[n]=b{layer}[o];"
            f"for(int i=0;i<{i};i++)for(int n=0;n<N;n++)z[n]+=w{layer}[o][i]*h{layer - 1}[i][n];"
            f"for(int n=0;n<N;n++)h{layer}[o][n]={function};}}"
        )
    top = len(sizes) - 1
    body.append(
        f"for(int o=0;o<{sizes[-1]};o++)for(int n=0;n<N;n++){{float p=h{top}[o][n],d=p-y[o][n];"
        f"loss+=d*d;g{top}[o][n]={2 / (batch * sizes[-1])!r}f*d*p*(1-p);}}"
    )
    for layer in range(top, 0, -1):
        i, o = sizes[layer - 1], sizes[layer]
        if layer > 1:
            body.append(
                f"for(int i=0;i<{i};i++){{float s[N]={{0}};"
                f"for(int o=0;o<{o};o++)for(int n=0;n<N;n++)s[n]+=w{layer}[o][i]*g{layer}[o][n];"
                f"for(int n=0;n<N;n++){{float a=h{layer - 1}[i][n];g{layer - 1}[i][n]=s[n]*(1-a*a);}}}}"
            )
        body.append(
            f"for(int o=0;o<{o};o++){{float s=0;for(int n=0;n<N;n++)s+=g{layer}[o][n];b{layer}[o]-={RATE}f*s;"
            f"for(int i=0;i<{i};i++){{float s=0;for(int n=0;n<N;n++)s+=g{layer}[o][n]*h{layer - 1}[i][n];"
            f"w{layer}[o][i]-={RATE}f*s;}}}}"
        )
    count = batch * sizes[-1]
    lines.append(
        f"void train(long steps,float*losses){{for(long t=0;t<steps;t++){{float loss=0;{''.join(body)}"
        f"losses[t]=loss/{count};}}}}"
    )
    arrays = [f"h0:{sizes[0] * batch}", f"y:{sizes[-1] * batch}"]
    arrays += [f"{kind}{k}:{n}" for k, (i, o) in enumerate(pairwise(sizes), 1) for kind, n in (("w", i * o), ("b", o))]
    lines += [f"float*at_{name.split(':')[0]}(void){{return(float*){name.split(':')[0]};}}" for name in arrays]
    folder = Path(tempfile.mkdtemp())
    (folder / "net.c").write_text("\n".join(lines))
    options = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "net.c", "-o", "net.so", "-lm"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "net.so"))
    shutil.rmtree(folder)
    X, y = numbers(sizes, batch)
    values = [X.T, y.T, *(p.detach() for p in perceptron(sizes).parameters())]
    for name, value in zip(arrays, values, strict=True):
        pointer = getattr(library, f"at_{name.split(':')[0]}")
        pointer.restype = ctypes.POINTER(ctypes.c_float)
        np.ctypeslib.as_array(pointer(), (value.numel(),))[:] = value.contiguous().numpy().ravel()

    def train(steps: int) -> None:
        losses = np.empty(steps, np.float32)
        library.train(ctypes.c_long(steps), losses.ctypes.data_as(ctypes.c_void_p))

    return train


def jax_swarm(sizes: Sequence[int], networks: int) -> Train | None:
    """Many networks on XOR's data: vmap of the same scan."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    X, y = jnp.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), jnp.array([[0.0], [1], [1], [0]])
    draw = np.random.default_rng(0)
    shapes = [tuple(p.shape) for p in perceptron(sizes).parameters()]
    weights = [jnp.array(draw.uniform(-1, 1, (networks, *shape)).astype(np.float32)) for shape in shapes]

    def loss(weights: Any) -> Any:
        z = X
        for place in range(0, len(weights), 2):
            z = z @ weights[place].T + weights[place + 1]
            z = jnp.tanh(z) if place < len(weights) - 2 else jax.nn.sigmoid(z)
        return jnp.mean((z - y) ** 2)

    def step(weights: Any, _: Any) -> Any:
        return [w - 0.5 * slope for w, slope in zip(weights, jax.grad(loss)(weights), strict=True)], None

    many: dict[int, Any] = {}

    def train(steps: int) -> None:
        if steps not in many:
            alone = lambda weights: jax.lax.scan(step, weights, None, length=steps)[0]  # noqa: E731
            many[steps] = jax.jit(jax.vmap(alone))
        jax.block_until_ready(many[steps](weights))

    return train


# ---------------------------------------------------------------- digits, in mini-batches


def classifier() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return torch.tensor(X, dtype=torch.float32) / 16, torch.tensor(y)


def loader_loop(epochs: int) -> None:
    """The loop that everyone writes."""
    X, y = digits()
    model = classifier()
    loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters())
    for _ in range(epochs):
        for xs, ys in DataLoader(TensorDataset(X, y), 32, shuffle=True):
            optimizer.zero_grad()
            loss_fn(model(xs), ys).backward()
            optimizer.step()


def jax_digits() -> Train | None:
    """Epochs of 56 whole batches: lax.scan wants all of one size. Adam written out."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    X, y = (jnp.array(a.numpy()) for a in digits())
    weights = [jnp.array(p.detach().numpy()) for p in classifier().parameters()]
    zeros = [jnp.zeros_like(w) for w in weights]

    def loss(weights: Any, xs: Any, ys: Any) -> Any:
        w1, b1, w2, b2 = weights
        z = jax.nn.relu(xs @ w1.T + b1) @ w2.T + b2
        return -jnp.take_along_axis(jax.nn.log_softmax(z), ys[:, None], 1).mean()

    def step(state: Any, rows: Any) -> Any:
        weights, first, second, t = state
        value, slopes = jax.value_and_grad(loss)(weights, X[rows], y[rows])
        first = [0.9 * m + 0.1 * g for m, g in zip(first, slopes, strict=True)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, slopes, strict=True)]
        rate, root = 1e-3 / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        moved = zip(weights, first, second, strict=True)
        return ([w - rate * m / (jnp.sqrt(v) * root + 1e-8) for w, m, v in moved], first, second, t + 1), value

    run = jax.jit(lambda state, order: jax.lax.scan(step, state, order))

    def train(epochs: int) -> None:
        orders = [torch.randperm(len(X))[: 56 * 32].reshape(56, 32) for _ in range(epochs)]
        _, losses = run((weights, zeros, zeros, 1.0), jnp.array(torch.cat(orders).numpy()))
        jax.block_until_ready(losses)

    return train
