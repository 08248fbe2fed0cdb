"""What can be the matter with a source."""

from __future__ import annotations

from xinglin.edge.words import Saying


class Trouble(Saying):
    """The source cannot be read now; the words say what is wrong and what would be right."""
