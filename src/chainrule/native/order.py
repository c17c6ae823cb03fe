"""Which samples each step sees: the very order, and the very random numbers, of PyTorch's own loops."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

Shuffle: TypeAlias = Literal[False, True, "randperm"]


class Order:
    """The batches of an epoch.

    samples     in the data
    batch_size  None: all samples at every step, and no DataLoader
    shuffle     True: as a DataLoader with shuffle=True; "randperm": by torch.randperm alone, at the head of the epoch
    generator   of the DataLoader or of randperm; None for torch's default one

    sizes       of the batches of an epoch, the last of which may be shorter
    """

    def __init__(
        self, samples: int, batch_size: int | None, shuffle: Shuffle, generator: torch.Generator | None
    ) -> None:
        size = samples if batch_size is None else min(batch_size, samples)
        self.samples, self.shuffle, self.generator = samples, shuffle, generator
        self.sizes = [min(size, samples - start) for start in range(0, samples, size)]
        self._loader = shuffle != "randperm" and (batch_size is not None or shuffle is True)

    @property
    def draws(self) -> bool:
        """Whether an epoch takes random numbers."""
        return self._loader or bool(self.shuffle)

    @property
    def gathered(self) -> bool:
        """Whether a step has some of the samples, or all in another order than theirs."""
        return bool(self.shuffle) or len(self.sizes) > 1

    def epoch(self) -> NDArray[np.int64] | None:
        """All samples in the order of the epoch that begins now; None where they are in theirs."""
        generator = self.generator
        if self._loader:  # its iterator draws the seed of its workers, whether or not it has any
            torch.empty((), dtype=torch.int64).random_(generator=generator)
        if not self.shuffle:
            return None
        if self._loader and generator is None:  # RandomSampler seeds a generator of its own
            generator = torch.Generator()
            generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
        return torch.randperm(self.samples, generator=generator).numpy()

    def end(self) -> None:
        """The epoch is over: RandomSampler draws a permutation of which it takes nothing, before it stops."""
        if self._loader and self.shuffle and self.generator is not None:
            torch.randperm(self.samples, generator=self.generator)
