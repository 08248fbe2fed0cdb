"""Knowledge of Chinese medicine: herbs, formulas, points, diseases, syndromes, therapies, and how they hang together.

A *term* is a thing with a stable id (``H0123``, ``LU1``); a herb's id is its code in prescriptions, in the system
``HERB_SYSTEM``. A *fact* says one thing of a term: a value, or another term that it leads to. Every fact names its
source, what it rests on (its basis), how sure it is and whether anybody has reviewed it. A *change* proposes a fact
that is new, corrected, confirmed or withdrawn; somebody else reviews it, and a steward publishes it as the fact's next
version. A name that means several things stays so: all of them are found, none is chosen. The medicine of the Zhuang
and the Yao has entries of its own, which decisions may not use before they are verified.

Start reading at ``vocabulary`` and ``rules``, then ``queries``. Decision support asks ``queries.deciding``.
"""

HERB_SYSTEM = "urn:xinglin:codes:herb"
POINT_SYSTEM = "urn:xinglin:codes:point"
"""Codes of points are those of the WHO's standard of locations, ``HT7``, ``EX-HN3``."""
"""The code system whose codes are the ids of herbs and of their processed forms."""
