"""The language in which a page is answered."""

from __future__ import annotations

from django.utils.translation import get_language


def is_chinese() -> bool:
    """Whether the reader reads Chinese, else English."""
    return str(get_language()).startswith("zh")
