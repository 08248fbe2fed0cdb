"""The durable buffer: what waits to be sent, in one SQLite file that survives ``kill -9`` and a loss of power.

A source's messages and its mark are committed together, so nothing is captured twice and nothing is left out. A
message leaves when the platform has given its receipt. Where there is no more room, ``put`` refuses (``Full``) and the
source has to wait: nothing is ever dropped.
"""

from xinglin.edge.buffer.keeping import Buffer
from xinglin.edge.buffer.values import FILE, Full, Level, Refusal, Waiting

__all__ = ["FILE", "Buffer", "Full", "Level", "Refusal", "Waiting"]
