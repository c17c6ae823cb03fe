"""Features in lanes: products of matrices blocked for registers, with everything after them fused into their epilogues.

Any program is lowered. schedule.py says which operations run together, placing.py where their results lie, products.py
writes the loops of a product, epilogues.py what follows it, and alone.py, plainly, what is none of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.native.alone import Alone
from chainrule.native.columns import Chains
from chainrule.native.compiled import Task, module, record, record_loss, scalar
from chainrule.native.convolutions import Convolutions
from chainrule.native.copies import bring, copy_numbers, fetch
from chainrule.native.epilogues import Epilogues
from chainrule.native.graph import CannotLower, Node
from chainrule.native.images import samples_innermost
from chainrule.native.ir import Builder, Index, Target, Value
from chainrule.native.norms import norm
from chainrule.native.placing import Places
from chainrule.native.products import Block, Factor, in_blocks, most_rows, product
from chainrule.native.schedule import Kernel, Schedule
from chainrule.native.storage import Group, Panels, items, panel_groups
from chainrule.native.tables import Tables
from chainrule.native.team import Team
from chainrule.native.transpose import transpose
from chainrule.native.unrolled import elementwise

RANGE = ("first", "count", "thread")
ROWS_AT_ONCE = 4  # of one vector each, where there is no product: their chains of instructions overlap
INDICES = {
    "take_rows": lambda node: node.inputs[1].shape[0],
    "add_rows": lambda node: node["rows"],
    "one_hot": lambda node: node["classes"],
}
LARGEST_INDEX = 2**24  # whole numbers up to here are float32


@dataclass
class Lowering:
    """One step being written, for each thread of a team. Raises CannotLower."""

    task: Task
    target: Target
    gathered: bool
    threads: int = 1

    def __post_init__(self) -> None:
        program, columns = samples_innermost(self.task.program)
        self.task = task = replace(self.task, program=program)
        for node in task.program.nodes:
            if task.dtype == "float32" and node.op in INDICES and INDICES[node.op](node) > LARGEST_INDEX:
                raise CannotLower(f"indices beyond {LARGEST_INDEX} are no float32 numbers", node.op, node.place)
        self.b = Builder(task.dtype, self.target.lanes(task.dtype), self.target, task.strict)
        self.schedule = Schedule(task.program, self.b.width, columns)
        self.places = Places(task, self.schedule, self.b, self.gathered)
        self.epilogues = Epilogues(self.b, self.schedule, self.places)
        self.tables = Tables(self.b)
        self.team = Team(self.b, self.threads)
        self.alone = Alone(task, self.places, self.tables, self.team, self.epilogues.number)
        self.chains = Chains(self.places, self.epilogues.number)
        self.convolutions = Convolutions(self.places, self.tables, self.chains, self.team)

    # ---------------------------------------------------------------- the step

    def text(self) -> str:
        task, b, places, team, writes = self.task, self.b, self.places, self.team, self.task.program.writes
        fixed = [n for n in task.program.nodes if n.op in ("parameter", "state", "tensor")]
        data = [n for n in places.rows if n.op == "data" and not places.direct(n)]
        masks = [n for n in places.rows if n.op == "mask"]
        with team.alone():
            for leaf in fixed:
                bring(task, b, places, leaf, back=False)
        team.meet()
        self.arrange([w for w in places.weights if w.is_leaf and w not in writes])
        if not self.gathered:
            fetch(task, b, places, data, 0, team)
        with b.loop("%count") as steps:
            row = b.plus(steps.index, "%first")
            fetch(task, b, places, [*data, *masks] if self.gathered else masks, row, team)
            self.numbers_ahead(row)
            self.arrange([w for w in places.weights if w.is_leaf and w in writes])
            with team.alone():
                for kernel in self.schedule.kernels:
                    self.clear_sums(kernel)
            team.meet()
            for kernel in self.schedule.kernels:
                self.kernel(kernel)
                team.meet()
                self.arrange([node for node in kernel.nodes if node in places.weights], meeting=True)
            with team.alone():
                self.finish(row)
            record_loss(b, self.loss(), row, steps)
            team.meet()
        with team.alone():
            for leaf in fixed:
                if leaf in writes:
                    bring(task, b, places, leaf, back=True)
        b.write(f"ret i64 {b.plus(steps.index, 1)}")
        return module(task, b, RANGE)

    def finish(self, row: Index) -> None:
        """What could not be written in place, and the norms."""
        task, b, gradients = self.task, self.b, self.task.program.gradients
        for leaf, node in task.program.writes.items():
            if leaf not in self.places.in_place.get(node, ()):
                layouts = self.places.panels if node in self.schedule.panels else self.places.plain
                ours, theirs = (b.address("%scratch", layouts[part].offset) for part in (node, leaf))
                copy_numbers(b, ours, theirs, layouts[leaf].size)
        for column, gradient in enumerate(gradients.values() if task.norms else ()):
            at = b.address("%norms", (row, len(gradients)), column, element="double")
            record(b.of(1), norm(b, self.places, gradient), at)

    def numbers_ahead(self, row: Index) -> None:
        """Numbers of shape () that do not depend on samples."""
        b, known = self.b, self.epilogues.known
        for node in self.task.program.nodes:
            if node.op == "constant":
                known[node] = b.constant(node["value"])
            elif node.op == "scalar":
                known[node] = scalar(self.task, b, node, row)
            elif node in self.schedule.ahead:
                known[node] = elementwise(b, node, *(self.epilogues.number(part) for part in node.inputs))

    def loss(self) -> Value:
        return self.b.lane(self.epilogues.number(self.task.program.loss), 0)

    def arrange(self, weights: list[Node], meeting: bool = False) -> None:
        """Bring weights into the order in which products read them."""
        b, places = self.b, self.places
        for w in weights:
            ours = places.panels[w].matrix
            if w in places.plain:
                transpose(b, places.in_order(w), ours, self.team)
                self.team.meet()
            if w in places.turned:
                transpose(b, ours, places.turned[w].matrix, self.team)
        if weights and meeting:
            self.team.meet()

    # ---------------------------------------------------------------- kernels

    def kernel(self, kernel: Kernel) -> None:
        match kernel.kind:
            case "alone":
                self.alone.write(kernel.root)
            case "convolution":
                self.convolutions.result(kernel)
            case "weights":
                self.convolutions.weights(kernel.root)
            case "chain":
                self.chains.kernel(kernel, self.team)
            case _:
                {"product": self.product, "rows": self.rows, "outer": self.outer, "flat": self.flat}[kernel.kind](
                    kernel
                )

    def clear_sums(self, kernel: Kernel) -> None:
        """Sums over samples start at 0."""
        b = self.b
        for node in kernel.nodes:
            if node.op == "batch_sum" and kernel.kind != "alone":
                ours = self.places.plain[node]
                with b.loop(-(-ours.size // b.width) * b.width, b.width) as loop:
                    b.store("zeroinitializer", b.address("%scratch", ours.offset, loop.index))

    def divisible(self, kernel: Kernel) -> bool:
        """Whether threads may have different rows of it: not where rows are summed."""
        return not any(node.op == "batch_sum" for node in kernel.nodes)

    def product(self, kernel: Kernel) -> None:
        b, root = self.b, kernel.root
        x, w = root.inputs
        left = self.places.rows[x]
        right = self.places.panels[w] if root.op == "matmul" else self.places.turned[w]
        factor = Factor(left.at(b), left.stride, 1)

        def panel(group: Group, column: Index) -> tuple[Value, int]:
            return right.panel(b, group, column), group.vectors * b.width

        def write(block: Block) -> None:
            self.epilogues.row_program(kernel, product(b, right.rows, factor, panel, block))

        count = self.task.batch * items(kernel.lead)
        rows = self.divisible(kernel)
        in_blocks(b, count, right.groups, lambda vectors: most_rows(b, vectors), write, self.team, rows)

    def rows(self, kernel: Kernel) -> None:
        b = self.b
        count, vectors = self.task.batch * items(kernel.lead), -(-kernel.width // b.width)
        wide = self.schedule.wide(kernel.width)
        groups = [Group(0, 1, vectors)] if wide else [Group(0, vectors, 1)]
        largest = ROWS_AT_ONCE if wide or vectors == 1 else 1

        def write(block: Block) -> None:
            self.epilogues.row_program(kernel, block)

        in_blocks(b, count, groups, lambda _: largest, write, self.team, self.divisible(kernel))

    def outer(self, kernel: Kernel) -> None:
        """The gradient of a weight, as Σ x·gᵀ, and the update that follows it."""
        b, root = self.b, kernel.root
        g, x = (self.places.rows[part] for part in root.inputs)
        terms = self.task.batch * items(g.lead)
        layout = Panels(0, x.length, g.length, b.width).matrix
        if g.length == 1:  # it cannot be read as a vector
            with self.team.alone():
                self.outer_column(kernel)
        else:

            def panel(group: Group, column: Index) -> tuple[Value, int]:
                return g.at(b, group.start, column), g.stride

            def write(block: Block) -> None:
                block = product(b, terms, Factor(x.at(b), 1, x.stride), panel, block)
                starts: dict[Node, Value] = {}
                for down, row in enumerate(block.values):
                    for v, value in enumerate(row):
                        place = layout.terms(block.group, block.column, v, block.row, down)
                        self.epilogues.flat_program(kernel, place, {root: value}, starts)

            groups = panel_groups(g.length, b.width)
            in_blocks(b, x.length, groups, lambda vectors: most_rows(b, vectors), write, self.team, True)
        if root in self.places.plain:
            self.team.meet()
            transpose(b, self.places.panels[root].matrix, self.places.in_order(root), self.team)

    def outer_column(self, kernel: Kernel) -> None:
        b, plain, root = self.b, self.b.of(1), kernel.root
        g, x = (self.places.rows[part] for part in root.inputs)
        terms = self.task.batch * items(g.lead)
        with b.loop(x.length) as places:
            with b.loop(terms) as sums:
                before = sums.carry(plain, b.literal(0))
                one = plain.load(g.row(b, sums.index))
                total = plain.fma(one, plain.load(x.row(b, sums.index, 0, places.index)), before)
                sums.pass_on(before, total)
            place = Panels(0, x.length, 1, b.width).matrix.terms(Group(0, 1, 1), 0, 0, places.index)
            self.epilogues.flat_program(kernel, place, {root: b.splat(total)}, {})

    def flat(self, kernel: Kernel) -> None:
        b, node = self.b, kernel.root
        in_panels = node in self.schedule.panels
        size = Panels(0, node.shape[1], node.shape[0], b.width).size if in_panels else items(node.shape)
        with (
            self.team.share(-(-size // b.width)) as (start, stop),
            b.loop(b.times(stop, b.width), b.width, b.times(start, b.width)) as loop,
        ):
            self.epilogues.flat_program(kernel, [0, loop.index], {}, {})
