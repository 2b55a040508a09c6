"""A page in Chromium that draws a dashboard of Grafana's, and what is seen there."""

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import celeryscope.web
from support.grafana_drawing import Json
from support.processes import accepts, free_port, running, wait_until
from support.sight import Sight

_PAGE = Path(__file__).with_name("grafana_page")
_STATIC = Path(celeryscope.web.__file__).with_name("static")
_WIDTH = 1440
_COLORS = 256
_DRAWN = "return 'drawn' in document.documentElement.dataset"
# Axes are grey: a column of pixels is drawn upon if one of them is not.
_DRAWN_UPON = """
  const canvas = document.querySelector(`[data-chart="${arguments[0]}"] canvas`);
  if (!canvas) return 0;
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const colored = (at) => {
    const [red, green, blue] = data.subarray(at, at + 3);
    return data[at + 3] && Math.max(red, green, blue) - Math.min(red, green, blue) > 40;
  };
  const columns = [...Array(width).keys()];
  const rows = [...Array(height).keys()];
  return columns.filter((x) => rows.some((y) => colored(4 * (y * width + x)))).length / width;
"""


class GrafanaPage:
    """One window on the page, whose files are in `folder`."""

    def __init__(self, sight: Sight, folder: Path) -> None:
        self.sight = sight
        self._folder = folder

    def draw(self, drawing: Json) -> None:
        """Show a drawing as a whole, however high it is."""
        (self._folder / "drawing.json").write_text(json.dumps(drawing), encoding="utf-8")
        self.sight.size(_WIDTH, _WIDTH)
        self.sight.open("/index.html")
        self.sight.see(lambda: self.sight.script(_DRAWN), "the drawn dashboard")
        self.sight.size(_WIDTH, int(self.sight.script("return document.body.scrollHeight")))

    def picture(self, file: Path) -> None:
        """Keep what is seen, in few colors: many thin lines make a large file."""
        self.sight.picture(file)
        with Image.open(file) as picture:
            few = picture.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
        few.save(file, optimize=True)

    def text(self, panel: str) -> str:
        """Return what a panel says below its title."""
        return self.sight.text(f'[data-chart="{panel}"] .body')

    def bars(self, panel: str) -> int:
        return len(self.sight.all(f'[data-chart="{panel}"] .bar i'))

    def drawn_upon(self, panel: str) -> float:
        """Return the share of a chart's width where something is drawn."""
        return float(self.sight.script(_DRAWN_UPON, panel))


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the page's files from `folder`, beside those of our own pages; yields the address."""
    shutil.copytree(_PAGE, folder)
    shutil.copytree(_STATIC, folder / "static")
    port = free_port()
    command = [sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", str(folder), str(port)]
    with running(command, folder.with_suffix(".log")):
        wait_until(lambda: accepts(port), what="the page's server")
        yield f"http://127.0.0.1:{port}"
