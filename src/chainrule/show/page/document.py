"""The page as one HTML file: style, font, script and payload inside it, and nothing that it could load."""

from __future__ import annotations

import base64
import contextlib
import json
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from chainrule.errors import OutputNotWritable
from chainrule.show.page.bundle import bundle

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; img-src data:"
FONT = "math.woff2"
GENERATOR = '<meta name="generator" content="chainrule">'


def document(payload: dict[str, Any], title: str) -> str:
    """The whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{GENERATOR}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)} · chainrule</title>
<style>
{style()}
</style>
</head>
<body>
<div id="page"></div>
<script type="application/json" id="payload">{inert(payload)}</script>
<script>
{script()}
mount(document.getElementById("page"), JSON.parse(document.getElementById("payload").textContent), {{ link: true }});
</script>
</body>
</html>
"""


def frame(payload: dict[str, Any], title: str) -> str:
    """The page inside another one, a notebook's: in a frame of its own that can reach nothing around it."""
    page = escape(document(payload, title))
    style = "width:100%;height:860px;border:0;border-radius:14px"
    return f'<iframe title="{escape(title)}" sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'


def write(payload: dict[str, Any], title: str, path: Path | str) -> Path:
    """The page as a file; where one was, it is replaced as a whole. Raises OutputNotWritable."""
    out = Path(path)
    part = out.with_name(f".{out.name}.part")
    try:
        if out.exists() and GENERATOR not in out.read_bytes()[:1000].decode("utf-8", "replace"):
            raise OutputNotWritable(out, "another file is there, which is no page of chainrule")
        part.write_text(document(payload, title), "utf-8")
        part.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputNotWritable(out, error.strerror or str(error)) from error
    return out


def inert(payload: dict[str, Any]) -> str:
    """JSON that no text inside it can end or open: every < is written as an escape."""
    written = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def script(entry: str = "app") -> str:
    """All our modules; defines `mount`, or what another entry exports."""
    return bundle(entry, lambda name: _read(f"script/{name}.js")).replace("</script", "<\\/script")


@cache
def style() -> str:
    """The style sheet, with the math font where the installation has it."""
    return _font() + _read("style.css")


@cache
def _font() -> str:
    """A machine without a math font shows boxes for the letters of formulas, so ours is inside the page."""
    font = files(__package__).joinpath(FONT)
    if not font.is_file():  # run from the source tree, without an installation
        return ""
    data = base64.b64encode(font.read_bytes()).decode()
    return f'@font-face {{ font-family: "chainrule math"; src: url(data:font/woff2;base64,{data}) format("woff2"); }}\n'


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
