"""The command line. Every command's docstring is its help."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import inspect
import os
import re
import signal
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule import __version__
from chainrule.errors import (
    BadOption,
    BadWeight,
    ChainruleError,
    NotARun,
    OutputNotWritable,
    RunExists,
    ScriptNotPython,
)
from chainrule.watching import script as scripts
from chainrule.watching.arrival import when_imported
from chainrule.watching.launcher import launched

if TYPE_CHECKING:
    from chainrule.session import Session

FORMATS = ("text", "md", "tex", "json")
# For a terminal without these letters; a minus must never become a question mark.
RESPELT = {"−": "-", "·": "*", "×": "x", "∂": "d", "‖": "|", "│": "|", "█": "#", "▸": ">", "…": "...", "→": "->"}
RESPELT |= {"←": "<-", "✓": "ok", "✗": "WRONG", "ŷ": "y^", "σ": "sigma", "Σ": "sum", "η": "eta", "²": "^2"}


def main(argv: Sequence[str] | None = None) -> int:
    """The `chainrule` command; returns the exit status."""
    options = parser().parse_args(sys.argv[1:] if argv is None else argv)
    try:
        status: int = options.command(options)
        return status
    except ChainruleError as error:
        _say(f"chainrule: {error}")
        return 1 if isinstance(error, ScriptNotPython) else 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _say(text: str) -> None:
    """A line on stderr, unless that is closed."""
    if sys.stderr is not None:
        with _any_encoding(sys.stderr), contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _any_encoding(stream: Any) -> Iterator[None]:
    """What the stream cannot encode is respelt while we write; the script's own writes fail as they ever did."""
    codecs.register_error("chainrule", _respelt)
    before = getattr(stream, "errors", None)
    _reconfigure(stream, "chainrule")
    try:
        yield
    finally:
        _reconfigure(stream, before)


def _respelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(RESPELT.get(letter) or _plainest(letter) for letter in letters), error.end


def _plainest(letter: str) -> str:
    """₁ is 1, ᵀ is T."""
    plain = unicodedata.normalize("NFKD", letter)
    return plain if plain.isascii() else "?"


def _reconfigure(stream: Any, errors: str | None) -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):
        stream.reconfigure(errors=errors)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "chainrule", description="Backpropagation with the box open, on your own unmodified training script."
    )
    made.add_argument("--version", action="version", version=f"chainrule {__version__}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    runs = _command(commands, "run", run)
    runs.usage = "chainrule run [options] SCRIPT [ARGS…]"
    _recording_options(runs)
    runs.add_argument("--report", type=Path, metavar="FILE.html", help="write the interactive page, too")
    runs.add_argument("-m", dest="module", action="store_true", help="SCRIPT is the name of a module")
    runs.add_argument("--intervene", type=_json, help=argparse.SUPPRESS)  # what --try does differently
    runs.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT [ARGS…]", help="and its own arguments")

    _command(commands, "limits", limits)

    explains = _command(commands, "explain", explain)
    explains.add_argument("run", type=Path, metavar="RUN")
    explains.add_argument("--step", type=int, metavar="N", help="a recorded step (default: the first)")
    explains.add_argument("--weight", metavar="NAME[I,J]", help="one weight, such as 'fc.weight[0,1]'")
    explains.add_argument("--sample", type=int, metavar="K", help="follow this sample of the batch")
    explains.add_argument("--format", choices=FORMATS, default="text", help="default: text")

    diagnoses = _command(commands, "diagnose", diagnose)
    diagnoses.add_argument("run", type=Path, metavar="RUN")
    diagnoses.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    diagnoses.add_argument(
        "--try",
        dest="tries",
        action="store_true",
        help="run the script again with each suggested fix, and say what came of it",
    )
    diagnoses.add_argument(
        "--time-limit",
        type=_positive,
        metavar="SECONDS",
        help="for one such run; default: three times the run, at least 60",
    )

    reports = _command(commands, "report", report)
    reports.add_argument("run", type=Path, metavar="RUN")
    reports.add_argument("-o", dest="out", type=Path, metavar="FILE.html", help="default: RUN.html")
    reports.add_argument("--open", action="store_true", help="show it in the browser")

    sweeps = _command(commands, "sweep", sweep)
    sweeps.add_argument("--networks", type=_positive, default=1000, metavar="N", help="default: 1000")
    sweeps.add_argument("--hidden", type=_steps, default=[2, 3, 4, 8], metavar="2,3", help="default: 2,3,4,8")
    sweeps.add_argument("--epochs", type=_positive, default=5000, metavar="N", help="default: 5000")
    sweeps.add_argument("--rate", type=float, default=1.0, metavar="LR", help="learning rate (default: 1)")
    return made


def _recording_options(target: argparse.ArgumentParser) -> None:
    """What is recorded, and where."""
    target.add_argument("-o", dest="out", type=Path, metavar="RUN", help="folder to write (default: runs/SCRIPT-TIME)")
    which = target.add_mutually_exclusive_group()
    which.add_argument("--every", type=_positive, metavar="N", help="record every Nth step")
    which.add_argument("--steps", type=_steps, metavar="0,1,10", help="record these steps")
    target.add_argument("-f", dest="force", action="store_true", help="overwrite RUN if it is there")
    target.add_argument(
        "--check",
        choices=("first", "all", "none"),
        default="first",
        help="recorded steps in which each rule is checked alone against autograd (default: first)",
    )
    target.add_argument("--max-size", type=_megabytes, default=64, metavar="MB", help="bound on the run (default: 64)")


def cell_parser() -> argparse.ArgumentParser:
    """The options of the notebook's `%%chainrule`: those of `run`, without the script."""
    made = argparse.ArgumentParser("%%chainrule", allow_abbrev=False)
    _recording_options(made)
    return made


def _command(commands: Any, name: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    about = inspect.cleandoc(function.__doc__ or "")
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about.splitlines()[0],
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(command=function)
    return made


def _positive(written: str) -> int:
    if not written.isdigit() or int(written) < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is not a whole number from 1")
    return int(written)


def _megabytes(written: str) -> int:
    """64, 64MB, 1GB."""
    found = re.fullmatch(r"([0-9]+) ?(MB|GB|)", written, re.IGNORECASE)
    if found is None or int(found[1]) < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is not a size such as 64, 64MB or 1GB")
    return int(found[1]) << (10 if found[2].upper() == "GB" else 0)


def _json(written: str) -> Any:
    import json

    return json.loads(written)


def _steps(written: str) -> list[int]:
    parts = written.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{written!r} is not a list of steps such as 0,1,10")
    return sorted({int(part) for part in parts})


# ---------------------------------------------------------------- run


def run(options: argparse.Namespace) -> int:
    """Run a training script and show its backpropagation, step by step.

    The script runs as under plain `python` and nothing of its training changes: its output, its exit status and its
    weights are the same bit for bit. Ours goes to stderr: one line at the start, the report at the end.
    Our options stand before SCRIPT; everything after it is the script's own.
    """
    words = options.script
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        raise BadOption("SCRIPT", "", "a .py file, a notebook, or with -m a module")
    name, args = words[0], words[1:]
    if args[:1] == ["--"]:
        args = args[1:]
    try:
        found = scripts.find(name, "module" if options.module else "script")
    except OSError as error:
        raise BadOption("SCRIPT", name, error.strerror or str(error)) from None
    rank = launched()
    path = options.out or default_run(found.name, launcher=0 if rank is None else os.getppid())
    _probe(path if rank is None else path / f"rank{rank[0]}", options.force)
    watching = Watching(path, found, args, options, rank)
    if watching.speaks:
        _say(f"∂ chainrule  watching {name} → {path}")
    when_imported("torch", watching.start)
    ending = scripts.run(found, args)
    scripts.flush()
    try:
        ending.show()
    finally:
        watching.finish(ending.how, ending.error)
    scripts.flush()
    if ending.how == "interrupted":
        _end_interrupted()
    return ending.status


def _probe(path: Path, overwrite: bool) -> None:
    """Find out before the training starts whether the run can be written."""
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            if not overwrite:
                raise RunExists(path)
            if not (path / "run.json").is_file():
                raise NotARun(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.mkdir()
            path.rmdir()
        elif not os.access(path, os.W_OK):
            raise OutputNotWritable(path, "permission denied")
    except FileExistsError:  # of one of its parents
        raise OutputNotWritable(path, "one of the folders above it is a file") from None
    except OSError as error:
        raise OutputNotWritable(path, error.strerror or str(error)) from None


def default_run(name: str, launcher: int = 0) -> Path:
    """runs/<script>-<time>, with a number behind it where that is taken.

    Processes that a launcher started must find the same name: runs/<script>-<date>-<the launcher's process id>.
    """
    if launcher:
        return Path("runs") / f"{Path(name).stem}-{time.strftime('%Y%m%d')}-{launcher}"
    base = Path("runs") / f"{Path(name).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


class Watching:
    """The session of `chainrule run`: begins when the script imports torch, ends with the report.

    Whatever fails here is said at the end, and the training goes on.
    """

    def __init__(
        self,
        path: Path,
        script: scripts.Script,
        args: list[str],
        options: argparse.Namespace,
        rank: tuple[int, int] | None = None,
    ) -> None:
        self.path = path
        self.rank = rank
        self.speaks = rank is None or rank[0] == 0  # of several processes, only the first reports
        self.place = path.absolute()  # the script may go to another folder
        self.folder = os.getcwd()
        self.page = options.report.absolute() if options.report else None
        self.script = script
        self.args = args
        self.options = options
        self.room = Room(script.path0)
        self.stderr = sys.stderr  # the script may put something else in its place
        self.process = os.getpid()
        self.session: Session | None = None
        self.failure: Exception | None = None

    def start(self) -> None:
        try:
            with self.room:
                from chainrule.run.schedule import Schedule
                from chainrule.session import Session

                about: dict[str, Any] = {
                    "script": self.script.name,
                    "command": [self.script.name, *self.args],
                    "module": self.options.module,
                    "folder": self.folder,
                }
                if self.rank is not None:
                    about["rank"], about["ranks"] = self.rank
                schedule = Schedule(every=self.options.every, steps=self.options.steps)
                self.session = Session(
                    self.place,
                    schedule,
                    about,
                    self.options.check,
                    max_bytes=self.options.max_size << 20,
                    overwrite=self.options.force,
                )
                self.session.start()
                if self.options.intervene is not None:
                    from chainrule.watching.interventions import INTERVENTIONS

                    INTERVENTIONS[self.options.intervene["kind"]](self.options.intervene["settings"])
        except Exception as error:
            self.session, self.failure = None, error

    def finish(self, ended: str, error: BaseException | None) -> None:
        """End the run and report. A fork of the script's process says nothing: its parent will."""
        if os.getpid() != self.process:
            return
        with contextlib.redirect_stderr(self.stderr), self.room:
            if self.session is None and self.failure is None:
                _say("chainrule: no training was seen: the script never imported torch")
            try:
                if self.session is not None:
                    self.session.stop(ended, error)
                    if self.speaks:
                        with _any_encoding(self.stderr):
                            self._report()
            except Exception as error:
                self.failure = error
            if isinstance(self.failure, ChainruleError):
                _say(f"chainrule: {self.failure}")
            elif self.failure is not None:
                what = "the training was not watched" if self.session is None else "there is no report"
                _say(f"chainrule: {what}, by a fault of its own: {type(self.failure).__name__}: {self.failure}")

    def _report(self) -> None:
        from chainrule.run.history import open_run
        from chainrule.show.report import report_of
        from chainrule.show.terminal import show

        if _is_closed(self.stderr):
            return
        report = report_of(open_run(self.place), self.path)
        with contextlib.suppress(BrokenPipeError):
            show(report, stderr=True)
        if self.page is not None:
            from chainrule.api import load

            load(self.place).report(self.page)


def _is_closed(stream: Any) -> bool:
    return stream is None or bool(getattr(stream, "closed", False))


class Room:
    """In here our own imports see neither the script's folder nor its modules.

    Out there the script gets its own rich.py or json.py, as under plain python, although ours was loaded first.
    """

    def __init__(self, folder: str) -> None:
        self.path = list(sys.path)
        everyone_s = folder in self.path  # as site-packages is
        self.names = set() if everyone_s else _modules_in(folder) - {"chainrule", "torch", "numpy"}
        self.their_path: list[str] = []
        there = self._take()
        self.theirs = {name: module for name, module in there.items() if str(module.__file__).startswith(folder)}
        self.ours = {name: module for name, module in there.items() if name not in self.theirs}
        sys.modules.update(self.theirs)  # of a package that is run with -m

    def __enter__(self) -> None:
        self.theirs, self.their_path = self._take(), list(sys.path)
        sys.path[:] = self.path
        sys.modules.update(self.ours)

    def __exit__(self, *exception: object) -> None:
        self.ours = self._take()
        sys.path[:] = self.their_path
        sys.modules.update(self.theirs)

    def _take(self) -> dict[str, ModuleType]:
        """Out of sys.modules: what the script's folder has of the same name. What python itself starts with stays."""
        found = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] in self.names and getattr(module, "__file__", None)
        }
        for name in found:
            del sys.modules[name]
        return found


def _modules_in(folder: str) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            there = [Path(entry.path) for entry in entries]
    except OSError:
        return set()
    return {path.stem for path in there if path.suffix == ".py" or (path / "__init__.py").is_file()}


def _end_interrupted() -> NoReturn:
    """End as python does after Ctrl-C: its exit handlers run, then the shell sees the signal."""
    sys.excepthook = lambda *_: None  # the traceback stands there already
    raise KeyboardInterrupt


# ---------------------------------------------------------------- limits and explain


def limits(options: argparse.Namespace) -> int:
    """What does not work yet, and what happens instead."""
    from chainrule.limits import as_text

    print(as_text(), end="")
    return 0


def explain(options: argparse.Namespace) -> int:
    """Show a recorded step in its four steps, or where the gradient of one weight came from.

    chainrule explain RUN --step 0
    chainrule explain RUN --weight 'fc.weight[0,1]' --step 0 --sample 2 --format tex
    """
    from chainrule.api import load
    from chainrule.show.terminal import show

    recorded = load(options.run)
    steps = recorded.steps
    wanted = options.step if options.step is not None else (steps[0] if steps else 0)
    step = recorded[wanted]
    if options.weight is None:
        if options.sample is not None or options.format in ("md", "tex"):
            option = ("--sample", options.sample) if options.sample is not None else ("--format", options.format)
            raise BadOption(*option, "it explains one weight, which --weight must name")
        shown: Any = step
    else:
        name, index = weight(options.weight)
        shown = step.derive(name, index, options.sample)
    with _any_encoding(sys.stdout):
        if options.format == "text":
            show(shown)
        elif options.format == "json":
            _print_json(shown.json())
        else:
            print(shown.markdown() if options.format == "md" else shown.latex(), end="")
        sys.stdout.flush()
    return 0


def diagnose(options: argparse.Namespace) -> int:
    """Say why the network does not learn; exit status 1 when something is wrong, 0 when nothing was found.

    Where no recorded step has a backward pass there is nothing to judge, and the status is 2.

    chainrule diagnose RUN --try
    chainrule diagnose RUN --format json
    """
    from chainrule.diagnose import diagnose as diagnosis
    from chainrule.run.history import open_run
    from chainrule.show import findings
    from chainrule.show.terminal import show

    history = open_run(options.run)
    found = diagnosis(history)
    if options.tries:
        from chainrule.trial import try_fixes

        found = try_fixes(history, found, options.time_limit, lambda text: _say(f"chainrule: trying {text}"))
    with _any_encoding(sys.stdout):
        if options.format == "json":
            _print_json(findings.record(found))
        else:
            show(findings.DiagnosisReport(found))
        sys.stdout.flush()
    return 0 if found.healthy else 1 if found.findings else 2


def report(options: argparse.Namespace) -> int:
    """Write the interactive page of a run: one HTML file that needs nothing else and loads nothing.

    chainrule report RUN -o xor.html --open
    """
    import torch

    from chainrule.api import load

    torch.set_num_threads(1)  # tensors of one step are small: threads would only wait for each other
    written = load(options.run).report(options.out, options.open)
    with _any_encoding(sys.stdout):
        print(written)
    return 0


def sweep(options: argparse.Namespace) -> int:
    """Show how many of N first weights learn XOR with 2, 3, 4 and 8 hidden units, and where the others get stuck.

    chainrule sweep --networks 10000
    """
    from chainrule.show.sweep import SweepReport, SweepRow
    from chainrule.show.terminal import show
    from chainrule.training.xor import SOLVED, xor_sweep

    rows = []
    for hidden in options.hidden:
        if hidden < 1:
            raise BadOption("--hidden", hidden, "a hidden layer has at least one unit")
        found = xor_sweep(hidden, options.networks, options.epochs, options.rate)
        rows.append(SweepRow(hidden, len(found), int(found.solved(SOLVED).sum()), found.stuck(SOLVED)))
    title = f"XOR after {options.epochs:,} epochs of gradient descent from {options.networks:,} first weights"
    with _any_encoding(sys.stdout):
        show(SweepReport(title, rows))
        sys.stdout.flush()
    return 0


def _print_json(data: Any) -> None:
    import json

    print(json.dumps(data, indent=2, ensure_ascii=not _takes_unicode()))


def _takes_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def weight(written: str) -> tuple[str, tuple[int, ...]]:
    """'fc.weight[0,1]' as name and index; a plain name is a parameter of a single number."""
    name, bracket, places = written.partition("[")
    if not bracket:
        return name, ()
    try:
        if not places.endswith("]"):
            raise ValueError
        return name, tuple(int(place) for place in places[:-1].split(","))
    except ValueError:
        raise BadWeight(written) from None


if __name__ == "__main__":
    sys.exit(main())
