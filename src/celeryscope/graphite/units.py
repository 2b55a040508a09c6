"""Numbers with prefixes of units, as legends show them."""

import numpy as np

UNIT_SYSTEMS = {
    "si": tuple(zip("PTGMk", (1000.0**power for power in (5, 4, 3, 2, 1)), strict=True)),
    "binary": tuple(
        (f"{letter}i", 1024.0**power)
        for letter, power in zip("PTGMK", (5, 4, 3, 2, 1), strict=True)
    ),
}


def with_unit(value: float, system: str | None = None, unit: str = "") -> str:
    """Return a number with two decimals and its unit, prefixed as in a system if one is given."""
    prefix, size = next(
        ((name, size) for name, size in UNIT_SYSTEMS.get(system or "", ()) if abs(value) >= size),
        ("", 1.0),
    )
    space = " " if unit else ""
    return f"{np.divide(value, size):.2f}{space}{prefix}{unit}"
