"""The pages on deployment name files that are there, and every part has its page."""

import re
from pathlib import Path

import pytest

from support.deploy import DEPLOY, ROOT, STACKS

FOLDER = ROOT / "docs" / "deploy"
PAGES = sorted(FOLDER.glob("*.md"))
NAMED = re.compile(r"(?<![\w/])deploy/[\w./-]+[\w]")
MADE_BY_UP = "deploy/compose/secrets"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for name in NAMED.findall(page.read_text()):
        assert (ROOT / name).exists() or name == MADE_BY_UP, name


def test_every_part_has_a_page_that_the_first_one_leads_to() -> None:
    parts = {path.name for path in DEPLOY.iterdir() if path.is_dir()} | {"docker"}
    assert parts == {page.stem for page in PAGES} - {"README"}
    index = (FOLDER / "README.md").read_text()
    assert all(f"({part}.md)" in index for part in parts)


def test_every_stack_is_told_of() -> None:
    page = (FOLDER / "compose.md").read_text()
    assert all(f"| `{stack}` |" in page for stack in STACKS)
