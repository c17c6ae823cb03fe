"""The page as a widget of a notebook: what is chosen in it is known in Python."""

from __future__ import annotations

from functools import cache
from typing import Any

from chainrule.errors import PackageMissing
from chainrule.show.page import document


def widget(payload: dict[str, Any]) -> Any:
    """An anywidget that shows the payload. Raises PackageMissing."""
    return _kind()(payload=payload)


@cache
def _kind() -> type[Any]:
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise PackageMissing("anywidget", "notebook") from error

    class Page(anywidget.AnyWidget):  # type: ignore[misc]  # Any, to a type checker without the package
        """`step`, `weight`, `index` and `sample` are those in view: `run[w.step].derive(w.weight, w.index, w.sample)`.

        They follow the page, and the page does not follow them.
        """

        _esm = document.script("widget") + "\nexport default { render };\n"
        _css = document.style()
        payload = traitlets.Dict().tag(sync=True)
        step = traitlets.Int().tag(sync=True)
        weight = traitlets.Unicode().tag(sync=True)
        index = traitlets.List(traitlets.Int()).tag(sync=True)
        sample = traitlets.Int().tag(sync=True)

    return Page
