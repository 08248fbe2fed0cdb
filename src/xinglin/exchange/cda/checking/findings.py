"""What can be said to be wrong, and the reasons as they are found."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from xinglin.exchange.cda.documents import (
    place_of,
)
from xinglin.exchange.doors import Reason

_LONG = 40
MISSING = gettext_noop("%(name)s is missing; right would be %(right)s.")
OTHERWISE = gettext_noop("%(name)s should be %(right)s, not “%(found)s”.")
NO_SECTION = gettext_noop(
    "The section %(name)s (%(code)s) is missing, which this kind of document must have."
)
NO_ELEMENT = gettext_noop("The data element %(name)s (%(code)s) is missing from the section %(section)s.")
STRANGE_SECTION = gettext_noop(
    "The section %(name)s (%(code)s) is not known in this kind of document; it is kept."
)
STRANGE_ELEMENT = gettext_noop(
    "The data element %(name)s (%(code)s) is not known in the section %(section)s; it is kept."
)
NO_VALUE = gettext_noop("%(name)s has no value; right would be a value of the type %(right)s.")
WRONG_TYPE = gettext_noop("%(name)s should have a value of the type %(right)s, not %(found)s.")
NO_TYPE = gettext_noop("The value of %(name)s lacks xsi:type; right would be %(right)s.")
NO_CODE = gettext_noop("“%(found)s” is no code of %(table)s; right would be %(right)s.")
NEW_CODE = gettext_noop("“%(found)s” is not among the known codes of %(table)s.")
NO_TIME = gettext_noop("“%(found)s” is no date or time; right would be such as 20260102 or 20260102030405.")
NO_NUMBER = gettext_noop("“%(found)s” is no number.")
NO_TRUTH = gettext_noop("“%(found)s” should be true or false.")
OTHER_UNIT = gettext_noop("The unit of %(name)s should be %(right)s, not “%(found)s”.")
NO_OID = gettext_noop("“%(found)s” is no OID; right would be digits with points such as 2.16.156.10011.1.12.")
BAD_DIGIT = gettext_noop(
    "The identity number is wrong: it should have 18 places and a right check character."
)
UNKNOWN_KIND = gettext_noop(
    "There is no kind of shared document with the code “%(found)s”; right would be %(right)s."
)


class Findings:
    """Reasons as they are found."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []

    def add(self, severity: str, code: str, place: Any, text: str, /, **params: Any) -> None:
        """Note one; ``place`` is a node of the document or a text."""
        where = place if isinstance(place, str) else place_of(place)
        if "found" in params:
            params["found"] = str(params["found"])[:_LONG]
        self.reasons.append(Reason(severity, code, where, text, params))
