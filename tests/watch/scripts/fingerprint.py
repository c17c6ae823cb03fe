"""Prints hashes of everything a training leaves behind, so that two runs can be compared bit for bit."""

import hashlib
import pickle
import random

import numpy as np
import torch

random.seed(0)  # here, so that whatever draws from them during the training shows at its end
np.random.seed(0)


def fingerprint(*results):
    """Modules, optimizers, tensors and numbers: one hash. Then the random states of torch, Python and numpy."""
    digest = hashlib.sha256()
    for result in results:
        if isinstance(result, torch.nn.Module | torch.optim.Optimizer):
            result = result.state_dict()
        feed(digest, result)
    print("results", digest.hexdigest())
    print("torch  ", hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest())
    print("python ", hashlib.sha256(pickle.dumps(random.getstate())).hexdigest())
    print("numpy  ", hashlib.sha256(pickle.dumps(np.random.get_state())).hexdigest())


def feed(digest, result):
    if isinstance(result, torch.Tensor):
        digest.update(str((tuple(result.shape), result.dtype, result.device)).encode())
        digest.update(result.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    elif isinstance(result, dict):
        for name, part in result.items():
            digest.update(str(name).encode())
            feed(digest, part)
    elif isinstance(result, list | tuple):
        for part in result:
            feed(digest, part)
    else:
        digest.update(repr(result).encode())
