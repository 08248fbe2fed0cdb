"""What is read at the institution: a reader a kind of source, and the loop that asks it on its schedule."""

from xinglin.edge.sources.database import DatabaseReader
from xinglin.edge.sources.folder import FolderReader
from xinglin.edge.sources.relay import Relay
from xinglin.edge.sources.trouble import Trouble

__all__ = ["DatabaseReader", "FolderReader", "Relay", "Trouble"]
