"""What each of several processes trains: a network of its own data, under DistributedDataParallel or by hand."""

import random
import sys
from contextlib import nullcontext
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from fingerprint import fingerprint

STEPS = 3


def network():
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3), nn.Dropout(0.1), nn.Linear(3, 1))


def average(model):
    """As torch's tutorial on distributed training does it without a wrapper."""
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad, op=dist.ReduceOp.SUM)
        parameter.grad /= dist.get_world_size()


def halved(_, bucket):
    """A communication hook: no average, and nobody but its author knows."""
    future = dist.all_reduce(bucket.buffer(), async_op=True).get_future()
    return future.then(lambda done: done.value()[0] * 0.25)


def wrapped(way):
    torch.manual_seed(0)
    model = network()
    if way in ("by_hand", "alone"):
        return model
    if way == "sharded":
        for layer in model:
            fully_shard(layer)
        return fully_shard(model)
    model = DistributedDataParallel(
        model, gradient_as_bucket_view=way == "views", find_unused_parameters=way == "views"
    )
    if way == "hook":
        model.register_comm_hook(None, halved)
    return model


def train(way):
    """STEPS steps. `way`: ddp, views, accumulation, clip, hook, by_hand, alone, sharded; or fails, after the first."""
    model = wrapped(way)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    random.seed(0)  # Python seeds it anew in every forked process
    draw = torch.Generator().manual_seed(dist.get_rank())
    torch.manual_seed(1 + dist.get_rank())
    for _ in range(STEPS):
        optimizer.zero_grad()
        for last in (False, True) if way == "accumulation" else (True,):
            x, y = torch.randn(8, 4, generator=draw), torch.randn(8, 1, generator=draw)
            with nullcontext() if last else model.no_sync():
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
        if way == "by_hand":
            average(model)
        if way == "clip":
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        if way == "fails":
            raise ValueError("not today")
    state = {name: getattr(p, "to_local", p.detach)() for name, p in model.named_parameters()}
    print(f"rank {dist.get_rank()}", repr(loss.item()), flush=True)
    fingerprint(state, optimizer if way != "sharded" else None)
