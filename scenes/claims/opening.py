"""Claims of the opening card: none depends on a recording."""

from __future__ import annotations

from scenes.claims import Claims

CLAIMS = Claims()
