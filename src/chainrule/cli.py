"""The command line. Every command's docstring is its help."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule.errors import (
    BadOption,
    BadWeight,
    ChainruleError,
    OutputNotWritable,
    RunExists,
    ScriptNotPython,
)
from chainrule.watch import script as scripts
from chainrule.watch.arrival import when_imported

if TYPE_CHECKING:
    from chainrule.session import Session

FORMATS = ("text", "md", "tex", "json")


def main(argv: Sequence[str] | None = None) -> int:
    """The `chainrule` command; returns the exit status."""
    options = parser().parse_args(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except ScriptNotPython as error:
        print(f"chainrule: {error}", file=sys.stderr)
        return 1
    except ChainruleError as error:
        print(f"chainrule: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "chainrule", description="Backpropagation with the box open, on your own unmodified training script."
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    runs = _command(commands, "run", run)
    runs.usage = "chainrule run [options] SCRIPT [ARGS…]"
    runs.add_argument("-o", dest="out", type=Path, metavar="RUN", help="folder to write (default: runs/SCRIPT-TIME)")
    which = runs.add_mutually_exclusive_group()
    which.add_argument("--every", type=_positive, metavar="N", help="record every Nth step")
    which.add_argument("--steps", type=_steps, metavar="0,1,10", help="record these steps")
    runs.add_argument("-f", dest="force", action="store_true", help="overwrite RUN if it is there")
    runs.add_argument("-m", dest="module", action="store_true", help="SCRIPT is the name of a module")
    runs.add_argument(
        "--check",
        choices=("first", "all", "none"),
        default="first",
        help="recorded steps in which each rule is checked alone against autograd (default: first)",
    )
    runs.add_argument("--max-size", type=_positive, default=64, metavar="MB", help="bound on the run (default: 64)")
    runs.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT [ARGS…]", help="and its own arguments")

    explains = _command(commands, "explain", explain)
    explains.add_argument("run", type=Path, metavar="RUN")
    explains.add_argument("--step", type=int, metavar="N", help="a recorded step (default: the first)")
    explains.add_argument("--weight", metavar="NAME[I,J]", help="one weight, such as 'fc.weight[0,1]'")
    explains.add_argument("--sample", type=int, metavar="K", help="follow this sample of the batch")
    explains.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    return made


def _command(commands: Any, name: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    about = function.__doc__ or ""
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
    found = scripts.find(name, "module" if options.module else "script")
    path = options.out or default_run(found.name)
    if not options.force and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunExists(path)
    _probe(path)
    watching = Watching(path, found, args, options)
    print(f"∂ chainrule  watching {name} → {path}", file=sys.stderr, flush=True)
    when_imported("torch", watching.start)
    ending = scripts.run(found, args)
    scripts.flush()
    ending.show()
    watching.finish(ending.how)
    scripts.flush()
    if ending.how == "interrupted":
        _die_of_interrupt()
    return ending.status


def _probe(path: Path) -> None:
    """Find out before the training starts whether the run can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputNotWritable(path, error.strerror or str(error)) from None
    nearest = path if path.exists() else path.parent
    if not os.access(nearest, os.W_OK):
        raise OutputNotWritable(path, "permission denied")


def default_run(name: str) -> Path:
    """runs/<script>-<time>, with a number behind it where that is taken."""
    base = Path("runs") / f"{Path(name).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


class Watching:
    """The session of `chainrule run`: begins when the script imports torch, ends with the report."""

    def __init__(self, path: Path, script: scripts.Script, args: list[str], options: argparse.Namespace) -> None:
        self.path = path
        self.script = script
        self.args = args
        self.options = options
        self.session: Session | None = None
        self.failure: ChainruleError | OSError | None = None

    def start(self) -> None:
        try:
            with _without_script_folder():
                from chainrule.run.schedule import Schedule
                from chainrule.session import Session

                about = {"script": self.script.name, "command": [self.script.name, *self.args]}
                schedule = Schedule(every=self.options.every, steps=self.options.steps)
                self.session = Session(
                    self.path,
                    schedule,
                    about,
                    self.options.check,
                    max_bytes=self.options.max_size << 20,
                    overwrite=self.options.force,
                )
                self.session.start()
        except (ChainruleError, OSError) as error:  # the training goes on without us
            self.session, self.failure = None, error

    def finish(self, ended: str) -> None:
        if self.failure is not None:
            print(f"chainrule: {self.failure}", file=sys.stderr)
            return
        if self.session is None:
            print("chainrule: no training was seen: the script never imported torch", file=sys.stderr)
            return
        self.session.stop(ended)
        with _without_script_folder():
            self._report(self.session)

    def _report(self, session: Session) -> None:
        from chainrule.run.history import open_run
        from chainrule.show.report import RunReport
        from chainrule.show.terminal import show

        try:
            history = open_run(self.path)
            steps = list(history.steps)
            read = [history.read(index) for index in dict.fromkeys((steps[0], steps[-1]))] if steps else []
            report = RunReport(
                path=self.path,
                losses=list(history.losses),
                steps=steps,
                first=read[0] if read else None,
                last=read[-1] if read else None,
                disagreements=session.disagreements,
                problems=list(history.about.get("problems", ())),
            )
            show(report, stderr=True)
        except ChainruleError as error:
            print(f"chainrule: {error}", file=sys.stderr)


@contextlib.contextmanager
def _without_script_folder() -> Iterator[None]:
    """Our own imports must not find a module of the user's: sys.path[0] is the script's folder."""
    folder = sys.path.pop(0) if sys.path else ""
    try:
        yield
    finally:
        sys.path.insert(0, folder)


def _die_of_interrupt() -> NoReturn:
    """End as python does after Ctrl-C, so that the shell sees the signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    sys.exit(130)


# ---------------------------------------------------------------- explain


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
            raise BadOption("--weight", "", "--sample and the formats md and tex explain one weight")
        shown: Any = step
    else:
        name, index = weight(options.weight)
        shown = step.derive(name, index, options.sample)
    if options.format == "text":
        show(shown)
    elif options.format == "json":
        import json

        print(json.dumps(shown.json(), indent=2, ensure_ascii=False))
    else:
        print(shown.markdown() if options.format == "md" else shown.latex(), end="")
    return 0


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
