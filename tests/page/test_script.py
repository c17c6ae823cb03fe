"""The page's JavaScript, read as text; its types are checked by `make check`."""

from __future__ import annotations

import re
from importlib.resources import files

from chainrule.show.page.bundle import EXPORT, IMPORT

ENTRIES = {("app", "mount"), ("widget", "render")}
TYPE = re.compile(r'import\("\./(\w+)\.js"\)\.(\w+)')


def test_what_a_module_exports_is_used_by_another_one():
    folder = files("chainrule.show.page").joinpath("script")
    sources = {file.name.removesuffix(".js"): file.read_text("utf-8") for file in folder.iterdir()}
    offered = {(name, found[2]) for name, source in sources.items() for found in EXPORT.finditer(source)}
    written = "".join(sources.values())
    taken = {(found[2], name) for found in IMPORT.finditer(written) for name in found[1].split(", ")}
    assert offered - taken - set(TYPE.findall(written)) == ENTRIES - taken
    assert taken <= offered
