"""Where `ngpt` and `python -m ngpt_film` begin: listening for Ctrl-C, and only then importing."""

from __future__ import annotations

from ngpt_film import stopping


def main() -> None:
    """Run the command line and exit."""
    stopping.listen()
    from ngpt_film import cli

    cli.main()


if __name__ == "__main__":
    main()
