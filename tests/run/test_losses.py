"""The log of losses: nothing is lost, nothing is raised, and a reader gets what is whole."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import pytest

from chainrule.run.losses import LossLog, read_losses

SOME = [0.5, math.nan, math.inf, -math.inf, -0.0, 1e-310]


def bits(losses: object) -> list[str]:
    return [str(loss) for loss in losses]  # type: ignore[attr-defined]


def test_losses_are_read_as_they_were_written_also_before_the_end(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "log")
    for loss in SOME:
        log.append(loss)
    assert bits(read_losses(tmp_path / "log")) == bits(SOME)
    log.close()
    assert bits(read_losses(tmp_path / "log")) == bits(SOME)
    assert (tmp_path / "log").stat().st_size == 8 * (1 + len(SOME))


def test_the_file_grows(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "log")
    for i in range(50_000):
        log.append(i)
    assert list(read_losses(tmp_path / "log")) == list(range(50_000))
    log.close()
    assert list(read_losses(tmp_path / "log")) == list(range(50_000))
    log.close()
    log.append(1.0)
    assert log.count == 50_000


def test_blocks_are_reserved_before_they_are_mapped(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "log")
    status = os.stat(tmp_path / "log")
    log.close()
    assert status.st_blocks * 512 >= status.st_size > 0


@pytest.mark.parametrize("reserve", ["posix_fallocate", "write"])
def test_on_a_full_disk_logging_ends_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reserve: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = LossLog(tmp_path / "log")
    monkeypatch.setattr(os, reserve, full)
    if reserve == "write":
        monkeypatch.delattr(os, "posix_fallocate")
    for i in range(5_000):
        log.append(i)
    monkeypatch.undo()
    log.append(1.0)
    assert "No space left" in log.problem
    assert list(read_losses(tmp_path / "log")) == list(range(4_095)) == list(range(log.count))
    log.close()
    assert list(read_losses(tmp_path / "log")) == list(range(4_095))


@pytest.mark.parametrize("why", [errno.EOPNOTSUPP, errno.EINVAL, None])
def test_where_blocks_cannot_be_reserved_zeros_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: int | None
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(why, "not here")

    if why is None:
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", unsupported)
    log = LossLog(tmp_path / "log")
    for i in range(10_000):
        log.append(i)
    log.close()
    assert log.problem == ""
    assert list(read_losses(tmp_path / "log")) == list(range(10_000))


def test_a_log_that_cannot_be_created_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log").write_text("mine")
    with pytest.raises(FileExistsError):
        LossLog(tmp_path / "log")
    assert (tmp_path / "log").read_text() == "mine"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="full"):
        LossLog(tmp_path / "other")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_the_log_alone(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "log")
    log.append(1.0)
    child = os.fork()
    if child == 0:
        try:
            log.append(99.0)
            log.close()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for _ in range(10_000):
        log.append(2.0)
    assert list(read_losses(tmp_path / "log")) == [1.0, *[2.0] * 10_000]
    log.close()


def test_of_a_cut_file_the_intact_prefix_is_read(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "log")
    for loss in SOME:
        log.append(loss)
    log.close()
    data = (tmp_path / "log").read_bytes()
    for end in range(len(data)):
        (tmp_path / "cut").write_bytes(data[:end])
        assert bits(read_losses(tmp_path / "cut")) == bits(SOME[: max(0, end // 8 - 1)])


@pytest.mark.parametrize(("count", "read"), [(-1, 0), (-(2**63), 0), (2**63 - 1, 2), (0, 0), (1, 1)])
def test_a_wrong_count_is_not_believed(tmp_path: Path, count: int, read: int) -> None:
    numbers = bytes(16)
    (tmp_path / "log").write_bytes(count.to_bytes(8, "little", signed=True) + numbers)
    assert len(read_losses(tmp_path / "log")) == read


def test_no_file_is_no_losses_and_a_folder_is_an_os_error(tmp_path: Path) -> None:
    assert len(read_losses(tmp_path / "nothing")) == 0
    with pytest.raises(OSError, match="directory"):
        read_losses(tmp_path)
