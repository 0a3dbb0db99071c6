"""Let `python -m tocsin` do what `tocsin` does."""

from tocsin.cli import main

main()
