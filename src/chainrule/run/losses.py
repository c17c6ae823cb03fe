"""The loss of every training step, in a file that costs the training next to nothing.

losses.f64 holds one int64, the number of losses, and then the losses as float64, in the machine's byte order. It is
mapped into memory: to append is to store two numbers. What is stored belongs to the kernel at once, so that kill -9
loses nothing, and another process may read it at any moment. The file is longer than its losses while it is open.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from array import array
from pathlib import Path
from weakref import WeakSet

_NUMBER = 8  # bytes
_FIRST_SIZE = 1 << 15  # bytes reserved at the start: 4,095 losses
_LARGEST_GROWTH = 1 << 24  # bytes; below it the file doubles

_open_logs: WeakSet[LossLog] = WeakSet()


class LossLog:
    """Appends losses to a new file `path`. Raises OSError when it cannot be created; nothing is raised after that.

    losses    the mapped file's numbers, for who writes them without calling `append`
    header    header[0] is the number of losses so far
    problem   why logging stopped (a full disk), else ""
    """

    __slots__ = ("__weakref__", "_file", "_map", "_total", "header", "losses", "problem")

    def __init__(self, path: Path | str) -> None:
        self.problem = ""
        self._total = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            self._open_map(0, _FIRST_SIZE)
        except OSError:
            os.close(self._file)
            raise
        _open_logs.add(self)

    def append(self, loss: float) -> None:
        """Write the loss of the next step."""
        count = self.count
        try:
            self.losses[count] = loss
        except IndexError:
            if not self._grow():
                return
            self.losses[count] = loss
        self.header[0] = count + 1

    def extend(self, losses: array[float]) -> None:
        """Write the losses of the next steps."""
        start, stop = self.count, self.count + len(losses)
        while stop > len(self.losses):
            if not self._grow():
                return
        self.losses[start:stop] = memoryview(losses)
        self.header[0] = stop

    @property
    def count(self) -> int:
        """Number of losses so far."""
        return self._total if self._file < 0 else int(self.header[0])

    def close(self) -> None:
        """Cut the file to its losses. More losses are ignored."""
        if self._file < 0:
            return
        size = _NUMBER * (1 + self.count)
        file = self._file
        self._leave()
        try:
            os.ftruncate(file, size)
        except OSError as error:
            self.problem = self.problem or f"the file of losses keeps its reserve: {error.strerror}"
        os.close(file)

    def _grow(self) -> bool:
        """Reserve more of the disk and map it, or note why not."""
        if self._file < 0 or self.problem:
            return False
        size = len(self._map)
        try:
            self._open_map(size, size + min(size, _LARGEST_GROWTH))
        except OSError as error:
            self.problem = f"losses were logged up to step {self.count - 1} only: {error.strerror}"
            return False
        return True

    def _open_map(self, reserved: int, size: int) -> None:
        """Map `size` bytes, of which `reserved` are on disk already. On failure everything is as before."""
        _reserve(self._file, reserved, size - reserved)
        grown = mmap.mmap(self._file, size)
        if reserved:
            self._close_map()
        self._map = grown
        with memoryview(grown) as everything:
            self.header = everything[:_NUMBER].cast("q")
            self.losses = everything[_NUMBER:].cast("d")

    def _close_map(self) -> None:
        self.header.release()
        self.losses.release()
        self._map.close()

    def _leave(self) -> None:
        """Let go of the file as it is; appending finds no place from now on."""
        self._total = self.count
        self._close_map()
        self._file = -1
        self.losses = memoryview(bytearray()).cast("d")


def _reserve(file: int, start: int, length: int) -> None:
    """Take `length` bytes of the disk now. A page without a block behind it would end in SIGBUS on a full disk."""
    reserve = getattr(os, "posix_fallocate", None)
    if reserve is not None:
        try:
            reserve(file, start, length)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    os.lseek(file, start, os.SEEK_SET)
    if os.write(file, bytes(length)) < length:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _leave_logs_to_the_parent() -> None:
    """After a fork both processes share the pages; only the parent trains the watched model."""
    for log in list(_open_logs):
        if log._file >= 0:
            file = log._file
            log._leave()
            os.close(file)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_logs_to_the_parent)


def read_losses(path: Path | str) -> array[float]:
    """The losses in the file, also while it is written; of a damaged file the intact prefix. No file, no losses.

    Raises OSError where the file is there and cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return array("d")
    count = int.from_bytes(data[:_NUMBER], sys.byteorder, signed=True)
    whole = (len(data) - _NUMBER) // _NUMBER
    losses = array("d")
    losses.frombytes(data[_NUMBER : _NUMBER * (1 + max(0, min(count, whole)))])
    return losses
