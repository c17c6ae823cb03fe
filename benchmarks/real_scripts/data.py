"""Small local data in the form that each script reads, so that none of them downloads anything."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy

DIGITS = {"train": 640, "t10k": 256}


def mnist(folder: Path) -> None:
    """MNIST's four files in ../data, with noise for digits."""
    _digits(folder.parent / "data" / "MNIST" / "raw")


def mnist_here(folder: Path) -> None:
    _digits(folder / "data" / "MNIST" / "raw")


def _digits(raw: Path) -> None:
    raw.mkdir(parents=True)
    numbers = numpy.random.default_rng(0)
    for name, count in DIGITS.items():
        labels = numbers.integers(0, 10, count, dtype=numpy.uint8)
        images = numbers.integers(0, 64, (count, 28, 28), dtype=numpy.uint8)
        images[numpy.arange(count), labels + 8] = 255  # a bright row that says which digit it is
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = (2048 + array.ndim).to_bytes(4, "big") + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (raw / f"{name}-{kind}-ubyte").write_bytes(head + array.tobytes())


def text(folder: Path) -> None:
    """The first lines of the validation text that the repository holds, as all three parts."""
    lines = (folder / "data" / "wikitext-2" / "valid.txt").read_text().splitlines(keepends=True)
    small = folder / "data" / "small"
    small.mkdir()
    for part, count in (("train", 300), ("valid", 40), ("test", 40)):
        (small / f"{part}.txt").write_text("".join(lines[:count]))


def shakespeare(folder: Path) -> None:
    """What nanoGPT's prepare.py makes of a text, here of the repository's own README."""
    where = folder / "data" / "shakespeare_char"
    letters = (folder / "README.md").read_text() * 4
    names = sorted(set(letters))
    ids = numpy.array([names.index(letter) for letter in letters], dtype=numpy.uint16)
    ids[: 9 * len(ids) // 10].tofile(where / "train.bin")
    ids[9 * len(ids) // 10 :].tofile(where / "val.bin")
    numbered = {"vocab_size": len(names), "itos": dict(enumerate(names)), "stoi": {n: i for i, n in enumerate(names)}}
    (where / "meta.pkl").write_bytes(pickle.dumps(numbered))


def cora(folder: Path) -> None:
    """A random citation graph in the two files of Cora, as large as the scripts' fixed split of it needs."""
    numbers = random.Random(0)
    where = folder / "cora"
    where.mkdir()
    papers = 1800
    with (where / "cora.content").open("w") as content, (where / "cora.cites").open("w") as cites:
        for paper in range(papers):
            words = "\t".join(str(int(numbers.random() < 0.2)) for _ in range(30))
            content.write(f"{paper}\t{words}\tclass{paper % 7}\n")
        for edge in sorted({(numbers.randrange(papers), numbers.randrange(papers)) for _ in range(4000)}):
            cites.write("\t".join(map(str, edge)) + "\n")


def photographs(folder: Path) -> None:
    """BSDS300's folders, with noise for photographs."""
    from PIL import Image

    numbers = numpy.random.default_rng(0)
    for part, count in (("train", 8), ("test", 4)):
        images = folder / "dataset" / "BSDS300" / "images" / part
        images.mkdir(parents=True)
        for i in range(count):
            Image.fromarray(numbers.integers(0, 256, (300, 300, 3), dtype=numpy.uint8)).save(images / f"{i}.jpg")
