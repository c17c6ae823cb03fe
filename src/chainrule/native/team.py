"""How threads share a step: each kernel is divided among them, and they meet after it.

All of them call the same function with their own number. With one thread nothing of this leaves a trace in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chainrule.native.ir import Builder, Index

BARRIER = 8  # numbers at the start of the tables: a cache line that nothing else uses; the first one counts arrivals
PATIENCE = 2000  # turns, some 20 µs: whoever is still missing then has no core, and may get this one


@dataclass
class Team:
    """Writes what one thread of `threads` does."""

    b: Builder
    threads: int = 1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """By the first thread only."""
        if self.threads == 1:
            yield
            return
        with self.b.when(self.b.value("icmp eq i64 %thread, 0")):
            yield

    @contextmanager
    def share(self, count: int) -> Iterator[tuple[Index, Index]]:
        """(start, stop) of this thread's part of `count` pieces; fewer pieces than threads are the first thread's."""
        if self.threads == 1 or count < self.threads:
            with self.alone():
                yield 0, count
            return
        bounds = [count * thread // self.threads for thread in range(self.threads + 1)]
        start, stop = str(bounds[0]), str(bounds[1])
        for thread in range(1, self.threads):
            here = self.b.value(f"icmp eq i64 %thread, {thread}")
            start = self.b.value(f"select i1 {here}, i64 {bounds[thread]}, i64 {start}")
            stop = self.b.value(f"select i1 {here}, i64 {bounds[thread + 1]}, i64 {stop}")
        yield start, stop

    def meet(self) -> None:
        """Go on when all have arrived; what each has written before, all see after."""
        if self.threads > 1:
            self.b.helper("meet", ["ptr %arrived"], self._write_meet)
            self.b.write("call void @meet(ptr %tables)")

    def _write_meet(self, b: Builder) -> None:
        """The count of arrivals only grows and is never set back: a round ends at a multiple of threads."""
        ticket = b.value("atomicrmw add ptr %arrived, i64 1 seq_cst")
        rounds = b.value(f"udiv i64 {ticket}, {self.threads}")
        wanted = b.value(f"mul i64 {b.plus(rounds, 1)}, {self.threads}")
        before = b.function.block
        b.write("br label %wait")
        b.label("wait")
        spins, following = (f"%{name}{b.function.number()}" for name in ("spins", "following"))
        b.write(f"{spins} = phi i64 [0, %{before}], [{following}, %again]")
        now = b.value("load atomic i64, ptr %arrived seq_cst, align 8")
        together = b.value(f"icmp uge i64 {now}, {wanted}")
        b.write(f"br i1 {together}, label %together, label %pause")
        b.label("pause")
        if b.target.x86:
            b.function.declared.add("declare void @llvm.x86.sse2.pause()")
            b.write("call void @llvm.x86.sse2.pause()")
        b.write(f"{following} = add i64 {spins}, 1")
        patient = b.value(f"icmp ult i64 {following}, {PATIENCE}")
        b.write(f"br i1 {patient}, label %again, label %{'give_way' if b.target.give_way else 'again'}")
        if b.target.give_way:
            b.label("give_way")
            b.function.declared.add(f"declare i32 @{b.target.give_way}()")
            b.value(f"call i32 @{b.target.give_way}()")
            b.write("br label %again")
        b.label("again")
        b.write("br label %wait")
        b.label("together")
