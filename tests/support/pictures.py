"""The README's screenshots, of whatever a server holds."""

from pathlib import Path

from support.sight import WIDE, Sight

NAMES = ("overview", "overview-dark", "task")
_WORST = ".tasks tbody .name a"


def take(sight: Sight, folder: Path, query: str = "") -> list[Path]:
    """Write a picture of each page into `folder`; the task is the one that fails most."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.png" for name in NAMES]
    sight.size(*WIDE)
    for file, theme in zip(files[:2], ("light", "dark"), strict=True):
        sight.theme(theme)
        sight.open(f"/{query}")
        _settled(sight)
        sight.picture(file)
    sight.theme("light")
    sight.open(f"/?sort=-failed{query.replace('?', '&')}")
    sight.see(lambda: sight.all(_WORST), "a task")
    sight.one(_WORST).click()
    _settled(sight)
    sight.see_chart("heatmap")
    sight.size(WIDE[0], _height(sight))
    _settled(sight)
    sight.picture(files[2])
    return files


def _settled(sight: Sight) -> None:
    for chart in ("throughput", "failed", "runtime", "wait"):
        sight.see_chart(chart)
    sight.see(lambda: sight.text("#live-text") == "live", "the live sign")


def _height(sight: Sight) -> int:
    return int(sight.script("return document.body.scrollHeight"))
