"""At build time: the math font of the report, cut down to the glyphs that formulas use.

STIX Two Math (OFL 1.1) comes inside the package ziamath. Nothing of it is kept in the repository.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FONT = "src/chainrule/show/page/math.woff2"
GLYPHS = """
0020-007E 00A0 00AC 00AF 00B1 00B7 00D7 00F7 02C6 02C9 02DC 0302-0304 0391-03C9 03D5 03F5 2016 2020 2026 2032 2061-2064
2080-2089 2113 2190-2193 2202 2207 220F 2211 2212 221A 221D 221E 2225 2248 2260 2264 2265 2299 22A4 22C5 22EE-22F1 230A
230B 2308 2309 23DE 23DF 2112 210E 1D400-1D467 1D49C-1D4B5 1D53C 1D6A8-1D755 1D7CE-1D7D7
"""


class Font(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        out = Path(self.root) / FONT
        if not out.exists() or out.stat().st_mtime < Path(__file__).stat().st_mtime:  # other glyphs, another font
            self._write(out)
        build_data["artifacts"].append(FONT)

    def _write(self, out: Path) -> None:
        import ziamath
        from fontTools import subset

        source = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
        glyphs = ",".join("U+" + part for part in GLYPHS.split())
        options = ["--layout-features=math,ssty,dtls,flac,kern", "--flavor=woff2", "--no-hinting", "--name-IDs=*"]
        subset.main([str(source), f"--unicodes={glyphs}", *options, f"--output-file={out}"])
