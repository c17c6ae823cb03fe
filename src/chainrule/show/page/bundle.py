"""Our ES modules as one script, so that a page is one file.

The modules keep a few rules: `import { a, b } from "./x.js";` on one line, `export function|class|const NAME` at the
beginning of a line, no default export, no circle.
"""

from __future__ import annotations

import re
from collections.abc import Callable

IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+)\.js";\n', re.M)
EXPORT = re.compile(r"^export (async function|function\*?|class|const|let) (\w+)", re.M)
UNKNOWN = re.compile(r"^\s*(import|export)\b.*", re.M)


def bundle(entry: str, read: Callable[[str], str]) -> str:
    """One script that defines what `entry` exports; `read` gives a module's source by its name.

    Raises ValueError for a form of import or export that is not one of ours, and for a circle.
    """
    order: dict[str, str] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError("circle: " + " → ".join((*above, name)))
        if name in order:
            return
        source = read(name)
        for found in IMPORT.finditer(source):
            visit(found[2], (*above, name))
        order[name] = source

    visit(entry, ())
    parts = [_module(name, source) for name, source in order.items()]
    offered = ", ".join(found[2] for found in EXPORT.finditer(order[entry]))
    return "\n".join([*parts, f"const {{ {offered} }} = module_{entry};"])


def _module(name: str, source: str) -> str:
    """A module as the value of a function, so that its names stay its own."""
    offered = ", ".join(found[2] for found in EXPORT.finditer(source))
    body = IMPORT.sub(lambda found: f"const {{ {found[1]} }} = module_{found[2]};\n", source)
    body = EXPORT.sub(r"\1 \2", body)
    left = UNKNOWN.search(body)
    if left:
        raise ValueError(f"{name}.js: {left[0].strip()!r} is no form of import or export that is understood")
    return f"const module_{name} = (() => {{\n{body}\nreturn {{ {offered} }};\n}})();"
