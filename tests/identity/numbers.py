"""Identity numbers as hypothesis draws them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from xinglin.identity.identifiers import PROVINCES
from xinglin.kernel import checkdigits


@st.composite
def numbers(draw: st.DrawFn, first: date = date(1900, 1, 2), last: date = date(2026, 1, 1)) -> str:
    """Eighteen characters with the right check digit, of a province that there is."""
    province = draw(st.sampled_from(sorted(PROVINCES - {"83"})))
    division = draw(st.text("0123456789", min_size=4, max_size=4))
    first17 = f"{province}{division}{draw(st.dates(first, last)):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first17 + checkdigits.resident(first17)
