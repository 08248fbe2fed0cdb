"""What the operator of a front machine has written into its file, read into typed values.

Everything that is wrong is told at once, each with the file, the line and what would be right.
"""

from xinglin.edge.configuration.reading import Unusable, read
from xinglin.edge.configuration.values import (
    After,
    BufferPart,
    Configuration,
    CountPart,
    DatabaseSource,
    FolderSource,
    Form,
    PagePart,
    PlatformPart,
    RelaySource,
    Source,
)

__all__ = [
    "After",
    "BufferPart",
    "Configuration",
    "CountPart",
    "DatabaseSource",
    "FolderSource",
    "Form",
    "PagePart",
    "PlatformPart",
    "RelaySource",
    "Source",
    "Unusable",
    "read",
]
