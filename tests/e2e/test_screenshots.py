"""The README's screenshots; `README_PICTURES=docs/images` keeps them."""

import os
from pathlib import Path

from support.pictures import take
from support.sight import Sight

_MOST_BYTES = 300_000
_LEAST_BYTES = 40_000


def test_the_readme_has_its_pictures(sight: Sight, tmp_path: Path) -> None:
    folder = Path(os.environ.get("README_PICTURES", tmp_path))
    for file in take(sight, folder, "?range=6h"):
        assert _LEAST_BYTES < file.stat().st_size < _MOST_BYTES, file
