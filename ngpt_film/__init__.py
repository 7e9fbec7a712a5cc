"""The film: the command, the camera and encoder, shots and what is published of them.

In a notebook, `from ngpt_film import clip, still` shows sections, and `%load_ext ngpt_film` lets
`%%manim` cells draw as the film does.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """What notebooks use, imported when it is asked for."""
    if name in ("clip", "still", "load_ipython_extension"):
        from ngpt_film import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
