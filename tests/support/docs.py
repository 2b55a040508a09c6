"""The project's Markdown pages, taken apart."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")
_ANSWERS = ("json", "text")


@dataclass(frozen=True)
class Block:
    """A fenced block: what is in it, and in which language."""

    language: str
    text: str


@dataclass(frozen=True)
class Example:
    """A command, and the answer that the page shows for it; None if it shows none."""

    command: str
    answer: Block | None


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[Block]:
    found = [Block(*match) for match in _BLOCK.findall(text)]
    return [block for block in found if not languages or block.language in languages]


def commands(text: str) -> list[str]:
    """Return the lines of all shell blocks; those that end in a backslash are joined."""
    lines = (block.text.replace("\\\n", " ").splitlines() for block in blocks(text, "sh"))
    return [line for found in lines for line in found if line]


def examples(text: str) -> Iterator[Example]:
    """Yield each shell block of one `curl`, with the answer in the block after it."""
    for block, after in pairwise([*blocks(text), Block("", "")]):
        if block.language == "sh" and block.text.startswith("curl "):
            yield Example(block.text, after if after.language in _ANSWERS else None)


def headings(text: str) -> list[tuple[int, str]]:
    """Return the depth and the words of each heading."""
    return [(len(marks), words) for marks, words in _HEADING.findall(_BLOCK.sub("", text))]


def anchors(text: str) -> set[str]:
    """Return the headings as GitHub writes them after `#`."""
    return {_NOT_IN_ANCHOR.sub("", words.lower()).replace(" ", "-") for _, words in headings(text)}


def links(text: str) -> list[str]:
    """Return where the page leads, but for other sites."""
    found = (one or other for one, other in _LINK.findall(_BLOCK.sub("", text)))
    return [link for link in found if "://" not in link]
