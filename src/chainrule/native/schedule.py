"""Which operations run together: a step as a list of kernels, each a loop nest that keeps its values in registers.

Every product of matrices opens a kernel; what follows it number by number joins it as its epilogue. The gradients of
weights come last, so that no kernel after them reads a weight that their epilogues have updated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.native.graph import ELEMENTWISE, Node, Shape
from chainrule.native.program import Program
from chainrule.native.storage import items

WIDEST_ROW = 8  # vectors: longer rows are a loop over their columns, and their sums have a kernel of their own


@dataclass(eq=False)
class Kernel:
    """What is computed together.

    kind    "product" matmul or matmul_t, with epilogue; "outer" likewise; "rows" and "flat" elementwise over the batch
            and over one; "convolution" of columns, with what follows, and "chain" what follows another; "weights" the
            gradient of a convolution's; "alone" one operation of any other sort
    lead    the leading axes of its rows, and their width: the largest length of a row in it
    nodes   in order, the root first where there is one
    """

    kind: str
    nodes: list[Node]
    lead: tuple[int, ...] = ()
    width: int = 1
    number: int = 0

    @property
    def root(self) -> Node:
        return self.nodes[0]


def lead(node: Node) -> tuple[int, ...]:
    return node.shape[:-1]


def length(node: Node) -> int:
    return node.shape[-1] if node.shape else 1


def by_channel(part: Shape, shape: Shape) -> bool:
    """Whether images of the second shape are met channel by channel: the same number in a plane, or its own numbers."""
    return part == shape or (len(part) == len(shape) > 1 and part[0] == shape[0] and items(part) == part[0])


def panelled(program: Program) -> set[Node]:
    """Matrices over one that can lie in panels for good: leaves, gradients and updates, read number by number or as w.

    What is in doubt is left out until nothing changes any more.
    """
    users: dict[Node, list[Node]] = {node: [] for node in program.nodes}
    for node in program.nodes:
        for part in node.inputs:
            users[part].append(node)

    def may(node: Node) -> bool:
        if node.over != "one" or len(node.shape) != 2 or items(node.shape) == 1:
            return False
        return node.op in ("parameter", "state", "tensor", "outer") or (
            node.op in ELEMENTWISE
            and all(part.over == "one" and part.shape in ((), node.shape) for part in node.inputs)
        )

    found = {node for node in program.nodes if may(node)}
    while True:
        wrong = {
            node
            for node in found
            if any(part.shape == node.shape and part not in found for part in node.inputs if node.op != "outer")
            or any(
                user not in found and not (user.op in ("matmul", "matmul_t") and user.inputs[1] is node)
                for user in users[node]
            )
        }
        wrong |= {end for pair in program.writes.items() for end in pair if end in found and not set(pair) <= found}
        if not wrong:
            return found
        found -= wrong


def dependent(program: Program, ops: tuple[str, ...]) -> set[Node]:
    """Nodes with one of these operations, and all that depend on them."""
    found: set[Node] = set()
    for node in program.nodes:
        if node.op in ops or any(part in found for part in node.inputs):
            found.add(node)
    return found


@dataclass
class Schedule:
    """The kernels of a program.

    kernel   of each node that has one; leaves have none, and neither have the lazy
    columns  what has its samples innermost
    lazy     elementwise nodes over one that only need leaves: computed wherever an update needs them
    ahead    of shape () over one, known before the samples are looked at: computed once at the start of a step
    """

    program: Program
    lanes: int
    columns: set[Node] = field(default_factory=set)
    panels: set[Node] = field(default_factory=set)
    kernels: list[Kernel] = field(default_factory=list)
    kernel: dict[Node, Kernel] = field(default_factory=dict)
    lazy: set[Node] = field(default_factory=set)
    ahead: set[Node] = field(default_factory=set)

    def __post_init__(self) -> None:
        program = self.program
        self.panels = panelled(program)
        late = dependent(program, ("outer", "conv2d_weight"))
        self.find_lazy()
        sampled = dependent(program, ("data", "mask"))  # a bias that is reshaped need not part what it stands between
        for node in sorted(program.nodes, key=lambda node: (node in late, node in sampled, node.index)):
            if not (node.is_leaf or node in self.lazy or node in self.ahead):
                self.place(node)
        for number, kernel in enumerate(self.kernels):
            kernel.number = number

    def find_lazy(self) -> None:
        keeps = {*self.program.gradients.values(), *self.program.writes.values(), self.program.loss}
        users: dict[Node, list[Node]] = {node: [] for node in self.program.nodes}
        for node in self.program.nodes:
            for part in node.inputs:
                users[part].append(node)
        for node in self.program.nodes:
            if node.op in ELEMENTWISE and node.over == "one":
                if (
                    node.shape == ()
                    and node not in keeps
                    and all(part.is_leaf or part in self.ahead for part in node.inputs)
                ):
                    self.ahead.add(node)
                elif (
                    node not in keeps
                    and all(part.is_leaf or part in self.ahead or part in self.lazy for part in node.inputs)
                    and all(part.shape in ((), node.shape) for part in node.inputs)
                    and users[node]
                    and all(self.flat(user) and user.shape == node.shape for user in users[node])
                ):
                    self.lazy.add(node)

    def place(self, node: Node) -> None:
        """Put the node into the kernel that it can join, or into a new one."""
        if node in self.columns or any(part in self.columns for part in node.inputs):
            self.place_columns(node)
        elif node.op in ("matmul", "matmul_t"):
            self.open(Kernel("product", [node], lead(node), length(node)))
        elif node.op == "outer":
            self.open(Kernel("outer", [node]))
        elif self.flat(node):
            last = self.last(node)
            joins = (
                last
                and last.nodes[-1].shape == node.shape
                and (
                    (last.kind == "outer" and {node, last.root} <= self.panels)
                    or (last.kind == "flat" and (node in self.panels) == (last.root in self.panels))
                )
            )
            if last and joins:
                self.join(last, node)
            else:
                self.open(Kernel("flat", [node]))
        elif self.by_row(node):
            last = self.last(node)
            if last and self.fits(last, node):
                self.join(last, node)
            else:
                x = node.inputs[0] if node.op in ("sum", "max", "batch_sum") else node
                self.open(Kernel("rows", [node], lead(x), length(x)))
        else:
            self.open(Kernel("alone", [node]))

    def place_columns(self, node: Node) -> None:
        """Likewise for what lies in columns, or reads them."""
        chain = node.op in ELEMENTWISE and all(
            by_channel(part.shape, node.shape) or (part.over == "one" and part.shape == ()) for part in node.inputs
        )
        last = self.last(node)
        if chain and last and last.kind in ("convolution", "chain") and last.root.shape == node.shape:
            self.join(last, node)
        elif chain:
            self.open(Kernel("chain", [node]))
        else:
            kinds = {"conv2d": "convolution", "conv2d_input": "convolution", "conv2d_weight": "weights"}
            self.open(Kernel(kinds.get(node.op, "alone"), [node]))

    def flat(self, node: Node) -> bool:
        """Whether it is computed number by number from what lies as it does, or is one number."""
        same = all(part.shape in ((), node.shape) for part in node.inputs)
        return node.over == "one" and node.op in ELEMENTWISE and same

    def open(self, kernel: Kernel) -> None:
        self.kernels.append(kernel)
        self.join(kernel, kernel.nodes.pop())

    def join(self, kernel: Kernel, node: Node) -> None:
        kernel.nodes.append(node)
        self.kernel[node] = kernel
        if kernel.kind == "rows" and node.op != "batch_sum":
            kernel.width = max(kernel.width, length(node))

    def last(self, node: Node) -> Kernel | None:
        """The latest kernel that computes an input."""
        found = [self.kernel[part] for part in node.inputs if part in self.kernel]
        return max(found, key=self.kernels.index) if found else None

    def wide(self, width: int) -> bool:
        return width > WIDEST_ROW * self.lanes

    def by_row(self, node: Node) -> bool:
        """Whether it can be computed row by row: its inputs have its rows, or are the same for all of them."""
        x = node.inputs[0]
        if node.op == "batch_sum":
            return len(x.shape) <= 1
        if node.over == "one":
            return False
        if node.op in ("sum", "max"):
            last_axis = node["axes"] == (len(x.shape) - 1,) and (node["keepdims"] or len(x.shape) == 1)
            return last_axis and not self.wide(length(x))
        if node.op == "one_hot":
            return len(x.shape) == 0 and not self.wide(node["classes"])
        if node.op not in ELEMENTWISE:
            return False
        return all(self.reads(part, lead(node), length(node)) for part in node.inputs)

    def reads(self, part: Node, rows: tuple[int, ...], width: int) -> bool:
        """Whether a kernel with these rows can read this node as it lies."""
        if part.shape == ():
            return part.over == "one" or rows == ()
        if length(part) not in (1, width):
            return False
        if part.over == "one" and lead(part) == ():
            return True
        return lead(part) == rows and (part.over == "batch" or rows == ())

    def fits(self, kernel: Kernel, node: Node) -> bool:
        """Whether the node can join: the same rows, and of one width or a number in each row."""
        if kernel.kind not in ("product", "rows"):
            return False
        x = node.inputs[0] if node.op in ("sum", "max", "batch_sum") else node
        if lead(x) != kernel.lead or (length(x) not in (1, kernel.width) and kernel.width != 1):
            return False
        if kernel.width == 1 and length(x) > 1 and (kernel.kind == "product" or self.wide(length(x))):
            return False
        several = (kernel.kind == "product" and kernel.width > 2 * self.lanes) or self.wide(kernel.width)
        if several and (node.op in ("sum", "max", "one_hot") or length(x) == 1):
            return False
        return all(
            part not in self.kernel or self.kernel[part] is kernel or self.reads(part, kernel.lead, kernel.width)
            for part in node.inputs
        )
