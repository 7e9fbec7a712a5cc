"""`python -m ngpt_math.prose`: make the tokens and their vocabulary from the packages."""

import sys

from ngpt_math.errors import StudioError
from ngpt_math.prose.build import build

if __name__ == "__main__":
    try:
        build()
    except StudioError as error:
        sys.exit(f"error: {error}")
