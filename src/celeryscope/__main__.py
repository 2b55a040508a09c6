"""`python -m celeryscope` is the command `celeryscope`."""

from celeryscope.cli import main

main()
