"""The command `celeryscope`."""

import sys


def main() -> None:
    """Run the command line; where only workers run, say which packages are missing."""
    try:
        from celeryscope.commands import celeryscope  # noqa: PLC0415 -- may be absent
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("celeryscope"):
            raise
        sys.exit(f"celeryscope: {error}; the server needs: pip install 'celeryscope[server]'")
    celeryscope()
