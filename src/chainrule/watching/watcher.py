"""The watch: on chosen steps it puts the recorder on, in between it only counts.

Between recorded steps torch is touched in few places: torch.autograd.backward and grad read the loss, a global
optimizer hook counts, Optimizer.__init__ and LRScheduler.__init__ note new ones, Module.load_state_dict what is loaded
(restarts.py) and DataLoader.__iter__ what is begun (loaders.py). While a step is recorded also the engine's entry
(torch.autograd._engine_run_backward), Tensor.backward and a second optimizer hook. All of it is restored at the end.
No object of the user's is changed.
"""

from __future__ import annotations

import functools
import gc
import math
import os
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from chainrule.step import Line, ParameterUpdate, Resting, Step, Update, Value
from chainrule.watching.beside.pairs import Pairs
from chainrule.watching.compiled import around_compiled_code
from chainrule.watching.exchange import Sharing
from chainrule.watching.graph import Graph
from chainrule.watching.nested import is_inner_step, may_nest
from chainrule.watching.origins import Origins
from chainrule.watching.place import Owners, caller, end_of, line_of
from chainrule.watching.pulse import Pulse, Tape, first_number
from chainrule.watching.recorder import Recorder
from chainrule.watching.restarts import Restarts
from chainrule.watching.stack import HAS_TORCH_FUNCTION, push_lowest, quiet, remove, unnoticed
from chainrule.watching.trainings import Trainings

Tensor = torch.Tensor
ACTIVE: list[Watcher] = []  # those that have begun; only the last is on torch, the others rest
INHERITED: list[Watcher] = []  # from the parent of this process, still on torch
NESTED = "another watch began within this one: what was trained until its end is not recorded here"
MOST_BACKWARDS = 256  # in one recorded step; gradient accumulation needs some, a forgotten optimizer.step() all
MOST_CALLS = 12_000  # of so MANY passes or more: to write these down takes 20 MB
MANY = 8


class Observer(Protocol):
    """Who wants to know. The watcher calls; whatever an observer raises is noted and goes no further."""

    def first(self) -> int:
        """The first step to record."""

    def loss(self, index: int, value: float) -> int:
        """Step `index` ended with this loss; the answer is the next step to record."""

    def stage(self, index: int) -> int:
        """Before step `index` an optimizer was made, though others had stepped; the answer is the next to record."""

    def routine(self) -> tuple[Tape | None, float, float]:
        """Where losses may be written without asking, and from which to which value."""

    def checks(self, index: int) -> bool:
        """Whether every rule is to be checked alone in this step."""

    def step(self, step: Step, seconds: float) -> None:
        """A recorded step is complete; its tensors may be changed by the script after this returns."""

    def broken_off(self, step: Step) -> None:
        """The script ended with an exception before this step had a backward pass."""

    def problem(self, text: str) -> None:
        """Something of ours failed."""


class Watcher:
    """Watches the training in this process from `start` to `stop`.

    `optimizers` are those there are, where it is known; to look for them takes 50 ms. `display_bytes`: see Recorder.
    """

    def __init__(
        self,
        observer: Observer,
        optimizers: Iterable[torch.optim.Optimizer] | None = None,
        display_bytes: int | None = None,
    ) -> None:
        self.observer = observer
        self._given = optimizers
        self._display_bytes = display_bytes
        self._pulse = Pulse(self._after_update, self._settle)
        self.restarts = Restarts(lambda: self.index)
        self.trainings = Trainings()
        self._origins = Origins()
        self._owners = Owners()
        self._pairs = Pairs()
        self.recorder: Recorder | None = None
        self._depth = 0  # backward passes in flight
        self._pending: Recorder | None = None  # a step without an optimizer, until its weights were written
        self._optimizers: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()  # all that exist
        self._stepped: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()
        self._made: weakref.WeakKeyDictionary[torch.optim.Optimizer, Line] = weakref.WeakKeyDictionary()
        self._scheduled: weakref.WeakKeyDictionary[torch.optim.Optimizer, Line] = weakref.WeakKeyDictionary()
        self._factors: weakref.WeakKeyDictionary[torch.optim.Optimizer, Line] = weakref.WeakKeyDictionary()
        self._stage: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()  # those that make up a step
        self._stage_began = False
        self._cycle: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()  # those that stepped in this step
        self._before: dict[int, Before] = {}
        # An optimizer that steps inside the backward pass: the mode's stack belongs to the engine until that is over.
        self._after: Callable[[], None] | None = None
        self._aside = False  # inside compiled code
        self._seconds = 0.0
        self._sharing = Sharing()
        self._on_stack = False
        self._inherited: Recorder | None = None  # in a forked child: the parent's, closed
        self._undo: list[Callable[[], None]] = []
        self._disarms: list[Callable[[], None]] = []
        self._thread = threading.get_ident()

    @property
    def index(self) -> int:
        """The step in flight."""
        return self._pulse.count

    # ------------------------------------------------------------ start and stop

    def start(self) -> None:
        while INHERITED:
            INHERITED.pop()._withdraw()
        if ACTIVE:
            ACTIVE[-1]._rest()
        ACTIVE.append(self)
        self._hold()
        me = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: None if (watcher := me()) is None else watcher._forget())
        kinds = kinds_of(torch.optim.Optimizer)
        there = (o for o in gc.get_objects() if type(o) in kinds) if self._given is None else self._given
        self._optimizers.update(there)
        if self.observer.first() == 0:
            self._arm()

    def _hold(self) -> None:
        """Put our functions around torch's."""
        self._replace(self._undo, torch.autograd, "backward", self._pulse.reads_loss(torch.autograd.backward))
        self._replace(self._undo, torch.autograd, "grad", self._ends_step_by_hand(torch.autograd.grad))
        init = self._notice_optimizer(torch.optim.Optimizer.__init__)
        self._replace(self._undo, torch.optim.Optimizer, "__init__", init)
        self._replace(self._undo, nn.Module, "__init__", self._origins.noting(nn.Module.__init__))
        for scheduler in (LRScheduler, ReduceLROnPlateau):
            self._replace(self._undo, scheduler, "__init__", self._notice_scheduler(scheduler.__init__))
        self._undo.append(register_optimizer_step_post_hook(self._pulse.counts).remove)
        self._undo.append(around_compiled_code(self._step_aside))

    def _rest(self) -> None:
        """Another watch begins: leave torch to it, until it ends."""
        recorder = self.recorder
        if recorder is not None:
            self._disarm()
            recorder.close()
        self._pulse.rest()
        undo_all(self._undo)
        self.observer.problem(NESTED)

    def stop(self, broken_off: bool = False) -> None:
        """Restore torch; a step in flight that had its backward pass, or was broken off, is still handed over."""
        self._finish_pending()
        recorder = self.recorder
        if recorder is not None:
            self._disarm()
            if recorder.step.backwards:
                self._hand_over(recorder)
            elif broken_off and recorder.step.calls:
                self._hand_over(recorder, broken_off)
            recorder.close()
        if not math.isnan(self._pulse.loss):  # a backward pass that no optimizer step followed
            self._pulse.rest()
            self._count(last=True)
        undo_all(self._undo)
        if self in ACTIVE:
            last = ACTIVE[-1] is self
            ACTIVE.remove(self)
            if last and ACTIVE:
                ACTIVE[-1]._hold()

    def _replace(self, undo: list[Callable[[], None]], owner: Any, name: str, new: Any) -> None:
        old = owner.__dict__[name]
        setattr(owner, name, new)
        undo.append(lambda: setattr(owner, name, old))

    def _forget(self) -> None:
        """In a forked child (a DataLoader's worker): watch nothing, write nothing."""
        if self.recorder is not None:
            self.recorder.closed = True
        self._inherited, self.recorder = self.recorder, None
        self._pending = None
        self._pulse.rest()
        self.observer = Deaf()
        ACTIVE.clear()
        INHERITED.append(self)

    def _withdraw(self) -> None:
        """In a forked child that is to be watched itself: leave torch to its own watch."""
        self.recorder = self._inherited
        self._disarm()
        undo_all(self._undo)

    def _notice_optimizer(self, init: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(init)
        def __init__(optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
            self._optimizers.add(optimizer)
            with suppress(Exception):  # without its line the optimizer is known all the same
                self._made.setdefault(optimizer, line_of(caller(1)))
            begins = self._stage_began  # the one before has trained: a new stage
            if begins:
                self._stage = weakref.WeakSet()
                self._cycle.clear()
                self._stage_began = False
            self._stage.add(optimizer)
            self._pulse.only = None
            self._pulse.rest()
            init(optimizer, *args, **kwargs)
            with suppress(Exception):
                self.restarts.made(optimizer, self._made.get(optimizer, Line()))
            if begins:
                self.trainings.optimizer_made()
                self._begin_stage()

        return __init__

    def _notice_scheduler(self, init: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(init)
        def __init__(scheduler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> None:
            with suppress(Exception):  # of ChainedScheduler and others the optimizer is not the first argument
                self._scheduled[optimizer] = line_of(caller(1))
                self._factors[optimizer] = end_of(next(iter(getattr(scheduler, "lr_lambdas", ())), None))
            init(scheduler, optimizer, *args, **kwargs)

        return __init__

    def _begin_stage(self) -> None:
        """Record the step in flight from here on, where that is wanted and nothing of it was computed yet."""
        busy = self.recorder is not None or self._aside or torch._C._current_graph_task_id() != -1
        if busy or not math.isnan(self._pulse.loss) or threading.get_ident() != self._thread:
            return
        try:
            wanted = self.observer.stage(self.index)
        except Exception:
            self.observer.problem(f"no stage began at step {self.index}: {traceback.format_exc()}")
            return
        if wanted == self.index:
            self._arm()

    # ------------------------------------------------------------ the mode on and off

    def _arm(self) -> None:
        self.recorder = Recorder(
            self.index, self._display_bytes, self._origins.of, self._owners, self._pairs, self.trainings.had
        )
        self._seconds = 0.0
        self._sharing = Sharing()
        self._engine = torch.autograd._engine_run_backward  # type: ignore[attr-defined]
        self._replace(self._disarms, torch.autograd, "_engine_run_backward", self._run_backward)
        for owner, name in ((Tensor, "backward"), (torch.autograd, "grad")):
            self._replace(self._disarms, owner, name, self._without_mode(getattr(owner, name)))
        self._disarms.append(register_optimizer_step_pre_hook(self._before_update).remove)
        self._show(True)

    def _disarm(self) -> None:
        self._show(False)
        undo_all(self._disarms)
        self.recorder = None

    def _show(self, wanted: bool) -> None:
        recorder = self.recorder
        if recorder is None or wanted == self._on_stack:
            return
        if wanted:
            push_lowest(recorder)
            torch.overrides.has_torch_function = unnoticed(recorder)
        else:
            remove(recorder)
            torch.overrides.has_torch_function = HAS_TORCH_FUNCTION
        self._on_stack = wanted

    def _step_aside(self) -> Callable[[], None]:
        """Compiled code is entered: mode off, and the backward passes of its tracing are none of ours.

        The answer undoes it.
        """
        if self._aside or threading.get_ident() != self._thread:
            return lambda: None
        self._aside, was_on_stack = True, self._on_stack
        self._show(False)

        def step_back() -> None:
            self._aside = False
            if was_on_stack:
                self._show(True)

        return step_back

    def _without_mode(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Takes the mode off before torch dispatches: one that is removed inside its own handler comes back."""

        @functools.wraps(function)
        def leads_to_the_engine(*args: Any, **kwargs: Any) -> Any:
            if not self._on_stack or threading.get_ident() != self._thread:
                return function(*args, **kwargs)
            self._show(False)
            try:
                return function(*args, **kwargs)
            finally:
                self._show(True)

        return leads_to_the_engine

    # ------------------------------------------------------------ backward

    def _ends_step_by_hand(self, grad: Callable[..., Any]) -> Callable[..., Any]:
        """torch.autograd.grad: where there is no optimizer, a script may update its weights from what this returns."""

        @functools.wraps(grad)
        def ends_step_by_hand(outputs: Any, *args: Any, **kwargs: Any) -> Any:
            result = grad(outputs, *args, **kwargs)
            if threading.get_ident() != self._thread:
                return result
            create_graph = bool(kwargs.get("create_graph"))
            if not create_graph and math.isnan(self._pulse.loss) and not self._aside:
                self._pulse.loss = first_number(outputs)
            if self._pulse.only is None:
                self._settle(outputs, create_graph)
            return result

        return ends_step_by_hand

    def _settle(self, tensors: Any, create_graph: bool) -> None:
        """A backward pass is over, while a step is recorded or it is not known which optimizer ends a step."""
        if self._aside or torch._C._current_graph_task_id() != -1 or threading.get_ident() != self._thread:
            return
        if not create_graph:
            self._pulse.loss = first_number(tensors)
        if self._after is not None:
            after, self._after = self._after, None
            after()
        elif self._pulse.only is None and not self._optimizers and not self._cycle and not create_graph:
            self._end_without_optimizer()

    def _run_backward(self, roots: Any, *args: Any, **kwargs: Any) -> Any:
        """The engine's entry, while a step is recorded."""
        recorder = self.recorder
        elsewhere = self._depth or self._aside or threading.get_ident() != self._thread
        if recorder is None or recorder.closed or elsewhere:
            return self._engine(roots, *args, **kwargs)
        if any(isinstance(root, Tensor) and is_functorch_wrapped_tensor(root) for root in roots):
            return self._engine(roots, *args, **kwargs)
        was_on_stack = self._on_stack
        self._show(False)
        self._depth = 1
        graph = None
        try:
            graph = self._begin_backward(recorder, roots, args)
            result = self._engine(roots, *args, **kwargs)
        finally:
            self._depth = 0
            if graph is not None:
                try:
                    graph.unhook()
                except Exception:
                    recorder.step.problems.append(f"hooks were left on the graph: {traceback.format_exc(limit=-3)}")
            if was_on_stack:
                self._show(True)
        if graph is not None:
            self._end_backward(recorder, graph, args, kwargs, result)
        passes = len(recorder.step.backwards)
        if passes >= MOST_BACKWARDS or (passes >= MANY and len(recorder.step.calls) >= MOST_CALLS):
            self._give_up(recorder)
        return result

    def _give_up(self, recorder: Recorder) -> None:
        """So many backward passes and no end of the step: keep those, and wait for the end without recording."""
        passes = len(recorder.step.backwards)
        recorder.step.problems.append(
            f"{passes} backward passes without the end of a step: the rest of it is not recorded. "
            "Does the script call optimizer.step()?"
        )
        self._disarm()
        self._hand_over(recorder)
        recorder.close()

    def _begin_backward(self, recorder: Recorder, roots: Any, args: tuple[Any, ...]) -> Graph | None:
        began = time.perf_counter()
        try:
            with quiet():
                tensors, seeds = [], []
                for root, seed in zip(roots, args[0], strict=True):
                    if isinstance(root, Tensor) and root.requires_grad:
                        tensors.append(root)
                        seeds.append(torch.ones_like(root) if seed is None else seed.detach())
                graph = Graph(recorder, tensors, seeds, self.observer.checks(self.index))
                graph.backward.at = line_of(caller(2))
                graph.hook()
                self._sharing.begin(graph.leaves)
            return graph
        except Exception:
            recorder.step.problems.append(f"the backward pass was not recorded: {traceback.format_exc(limit=-3)}")
            return None
        finally:
            self._seconds += time.perf_counter() - began

    def _end_backward(
        self, recorder: Recorder, graph: Graph, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        began = time.perf_counter()
        try:
            with quiet():
                if not kwargs.get("accumulate_grad") and len(args) > 3:  # torch.autograd.grad(outputs, inputs)
                    graph.backward.returned = True
                    by_id = {id(leaf): index for index, leaf in graph.leaves.items()}
                    for tensor, gradient in zip(args[3], result or (), strict=False):
                        if gradient is not None and id(tensor) in by_id:
                            graph.received[by_id[id(tensor)]] = gradient.detach()
                backward = graph.finish()
                recorder.step.backwards.append(backward)
                recorder.step.exchange = self._sharing.end(graph.leaves, backward, recorder.places.roots)
                root = backward.roots[0]
                if root.tensor is not None and root.numel == 1 and not root.dtype.is_complex:
                    recorder.step.loss = float(root.tensor)
        except Exception:
            recorder.step.problems.append(f"the backward pass was not recorded: {traceback.format_exc(limit=-3)}")
        finally:
            self._seconds += time.perf_counter() - began

    # ------------------------------------------------------------ update

    def _before_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
        """The optimizer's hook, which may hand back other arguments: a closure runs the backward pass within step(),
        and only when it returns the gradient is the one that is used."""
        recorder = self.recorder
        if recorder is None or recorder.closed or threading.get_ident() != self._thread or is_inner_step(optimizer):
            return None
        if not args[1:] and not kwargs:  # no closure: nothing to record inside the update
            self._show(False)
        if len(args) > 1 and callable(args[1]):
            return (args[0], self._then_snapshot(args[1], recorder, optimizer), *args[2:]), kwargs
        if callable(kwargs.get("closure")):
            return args, kwargs | {"closure": self._then_snapshot(kwargs["closure"], recorder, optimizer)}
        self._note_before(recorder, optimizer)
        return None

    def _then_snapshot(
        self, closure: Callable[..., Any], recorder: Recorder, optimizer: torch.optim.Optimizer
    ) -> Callable[..., Any]:
        """The closure; when it returns for the first time, weights, gradients and state are noted."""
        self._before.pop(id(optimizer), None)

        @functools.wraps(closure, updated=())
        def then_snapshot(*args: Any, **kwargs: Any) -> Any:
            result = closure(*args, **kwargs)
            if self.recorder is recorder and id(optimizer) not in self._before:
                self._note_before(recorder, optimizer)
            return result

        return then_snapshot

    def _note_before(self, recorder: Recorder, optimizer: torch.optim.Optimizer) -> None:
        began = time.perf_counter()
        try:
            with quiet():
                moved = [
                    (p, *self._snapshot(recorder, optimizer, group, p))
                    for group in optimizer.param_groups
                    for p in group["params"]
                    if p.grad is not None
                ]
                without = [p for group in optimizer.param_groups for p in group["params"] if p.grad is None]
                idle = tuple(recorder.known(without))
                self._before[id(optimizer)] = Before(moved, idle, len(without) - len(idle), line_of(caller(2)))
        except Exception:
            recorder.step.problems.append(f"the update was not recorded: {traceback.format_exc(limit=-3)}")
        self._seconds += time.perf_counter() - began

    def _snapshot(
        self, recorder: Recorder, optimizer: torch.optim.Optimizer, group: dict[str, Any], p: Tensor
    ) -> tuple[Value, ParameterUpdate]:
        value, before = recorder.preserved(p)
        return value, ParameterUpdate(
            before=before,
            gradient=copied(p.grad),
            state={name: copied(value) for name, value in optimizer.state.get(p, {}).items()},
            settings={name: copied(value) for name, value in group.items() if name != "params"},
        )

    def _after_update(self, optimizer: torch.optim.Optimizer) -> None:
        if threading.get_ident() != self._thread or is_inner_step(optimizer):
            return
        if self.recorder is not None and id(optimizer) in self._before:
            self._note_update(self.recorder, optimizer)
        self._optimizers.add(optimizer)
        self._stepped.add(optimizer)
        if self._ends_step(optimizer):
            if torch._C._current_graph_task_id() != -1:
                self._after = self._end_step
                self._pulse.rest()
            else:
                self._end_step()
        else:
            if self.recorder is not None:  # the step goes on, and may write to these weights again
                for change in self.recorder.step.updates[-1].parameters.values() if self.recorder.step.updates else ():
                    change.after = copied(change.after)
            if not self._depth:
                self._show(True)

    def _note_update(self, recorder: Recorder, optimizer: torch.optim.Optimizer) -> None:
        began = time.perf_counter()
        try:
            with quiet():
                before = self._before.pop(id(optimizer))
                known = (self._made, self._scheduled, self._factors)
                lines = (before.at, *(of.get(optimizer, Line()) for of in known))
                update = Update(type(optimizer).__name__, {}, before.idle, before.strangers, *lines)
                for p, value, snapshot in before.moved:
                    snapshot.after = p.detach()
                    update.parameters[value.index] = snapshot
                recorder.step.updates.append(update)
        except Exception:
            recorder.step.problems.append(f"the update was not recorded: {traceback.format_exc(limit=-3)}")
        self._seconds += time.perf_counter() - began

    def _ends_step(self, optimizer: torch.optim.Optimizer) -> bool:
        """A step ends when every optimizer of this stage of the training has stepped once.

        Those of the stage are the ones created last, every other that steps, and those made before the watch whose
        parameters take part. One that turns out to be idle (another steps twice before it) is waited for no longer.
        """
        if self.recorder is not None and not self._stage_began:
            self._stage.update(o for o in self._optimizers if self.recorder.knows(o))
        if optimizer in self._cycle and optimizer in self._stage:
            self._stage = weakref.WeakSet(self._cycle)
            self._cycle.clear()
        self._stage.add(optimizer)
        self._cycle.add(optimizer)
        self._stage_began = True
        if not all(other in self._cycle for other in self._stage):
            self._pulse.only = None
            self._pulse.rest()  # one optimizer was routine until this second one stepped
            return False
        routine = len(self._stage) == 1 and not may_nest(type(optimizer))
        self._pulse.only = weakref.ref(optimizer) if routine else None
        self._cycle.clear()
        return True

    # ------------------------------------------------------------ the end of a step

    def _end_step(self) -> None:
        recorder = self.recorder
        if recorder is not None:
            self._disarm()
            self._hand_over(recorder)
            recorder.close()
        self._count()

    def _end_without_optimizer(self) -> None:
        """The step ends with its backward; what the script writes into its weights is seen at the next one."""
        self._finish_pending()
        recorder = self.recorder
        if recorder is not None:
            self._disarm()
            self._note_weights(recorder)
            self._pending = recorder
        self._count()

    def _note_weights(self, recorder: Recorder) -> None:
        with quiet():
            update = Update("", {})
            received = recorder.step.backwards[-1].received if recorder.step.backwards else {}
            for index, arrived in received.items():
                leaf = recorder.leaves[index]
                before = recorder.preserved(leaf)[1]
                # torch.autograd.grad gives it to the script, and leaves .grad as it is
                gradient = arrived if leaf.grad is None else leaf.grad.detach().clone()
                update.parameters[index] = ParameterUpdate(before, gradient, {}, {})
            recorder.step.updates.append(update)

    def _finish_pending(self) -> None:
        recorder, self._pending = self._pending, None
        if recorder is None:
            return
        with quiet():
            for update in recorder.step.updates:
                for index, parameter in update.parameters.items():
                    parameter.after = recorder.leaves[index].detach()
        self._hand_over(recorder)
        recorder.close()

    def _hand_over(self, recorder: Recorder, broken_off: bool = False) -> None:
        began = time.perf_counter()
        try:
            recorder.name_parameters()
            recorder.step.resting = self._resting(recorder)
            if recorder.step.backwards:
                leaves = {i: recorder.leaves[i] for one in recorder.step.backwards for i in one.received}
                self.trainings.note(recorder.step.index, leaves.values(), recorder.step.backwards[-1].at)
            if math.isnan(recorder.step.loss):  # its backward pass was not recorded
                recorder.step.loss = self._pulse.loss
            with quiet():
                if broken_off:
                    self.observer.broken_off(recorder.step)
                else:
                    self.observer.step(recorder.step, self._seconds)
        except Exception:
            self.observer.problem(f"step {recorder.step.index} was not kept: {traceback.format_exc()}")
        self._seconds += time.perf_counter() - began

    def _resting(self, recorder: Recorder) -> list[Resting]:
        resting = [optimizer for optimizer in self._made if optimizer not in self._stepped]
        passes = recorder.step.backwards if resting else ()
        received = {id(recorder.leaves[index]): index for one in passes for index in one.received}
        found = []
        for optimizer in resting:
            own = (id(p) for group in optimizer.param_groups for p in group["params"])
            numbers = tuple(received[known] for known in own if known in received)
            found.append(Resting(type(optimizer).__name__, self._made[optimizer], numbers))
        return found

    def _count(self, last: bool = False) -> None:
        pulse = self._pulse
        index = pulse.count
        pulse.count = index + 1
        try:
            wanted = self.observer.loss(index, pulse.loss)
            if wanted == index + 1 or pulse.only is None:
                pulse.rest()
            else:
                pulse.beat(*self.observer.routine(), until=wanted - 1)
        except Exception:
            wanted = -1
            pulse.rest()
            self.observer.problem(f"watching ended at step {index}: {traceback.format_exc()}")
        pulse.loss = math.nan
        if wanted == index + 1 and not last:
            if torch._C._current_graph_task_id() == -1:
                self._arm()
            else:
                self._after = self._arm


class Before(NamedTuple):
    """What an optimizer is about to work on; `moved` are the parameters with a gradient, the rest as in Update."""

    moved: list[tuple[Tensor, Value, ParameterUpdate]]
    idle: tuple[int, ...]
    strangers: int
    at: Line


def kinds_of(base: type) -> set[type]:
    """The class and every class derived from it."""
    derived: list[type] = type.__subclasses__(base)
    return {base}.union(*map(kinds_of, derived))


def undo_all(undo: list[Callable[[], None]]) -> None:
    for one in reversed(undo):
        one()
    undo.clear()


class Deaf:
    """The observer of a forked child: records nothing."""

    def first(self) -> int:
        return -1

    def loss(self, index: int, value: float) -> int:
        return -1

    def stage(self, index: int) -> int:
        return -1

    def routine(self) -> tuple[Tape | None, float, float]:
        return None, math.nan, math.nan

    def checks(self, index: int) -> bool:
        return False

    def step(self, step: Step, seconds: float) -> None:
        return None

    def broken_off(self, step: Step) -> None:
        return None

    def problem(self, text: str) -> None:
        return None


def copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Tensor) else value
