"""What somebody chose in a code field: a coding that was picked, or what was typed and means only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid
from xinglin.terminology import listing
from xinglin.terminology.checking import Coding

if TYPE_CHECKING:
    from xinglin.terminology.expansion import Members
    from xinglin.terminology.listing import Entry
    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection

_SHOWN = 5


def picked(
    connection: Connection, known: Memory, members: Members, *, chosen: str, typed: str
) -> Coding | None:
    """The coding of a ``chosen`` ``system|code``, else of what was ``typed``; None if nothing was.

    Faults where it is no member, or where what was typed could mean several.
    """
    if chosen:
        system, _, code = chosen.rpartition("|")
        member = listing.contains(connection, members, system, code)
        if member is None:
            raise invalid(
                gettext_noop("%(coding)s is not among the codes that can be chosen."),
                code="code-invalid",
                coding=chosen,
            )
        display = member.display or (member.found.display if member.found else "")
        return Coding(system, member.code, "", display)
    if not typed.strip():
        return None
    total, entries = listing.page(connection, known, members, listing.Window(typed, 0, _SHOWN))
    exact = [one for one in entries if typed.strip() in (one.code, one.display_in(None))]
    if len(exact) == 1 or total == 1:
        one = (exact or entries)[0]
        return Coding(one.url, one.code, one.version, one.display_in(None))
    if not entries:
        raise invalid(
            gettext_noop("“%(typed)s” finds no code. Type the code, the name, or its pinyin."),
            code="code-invalid",
            typed=typed,
        )
    raise invalid(
        gettext_noop("“%(typed)s” may mean several codes, %(codes)s …; type more of it."),
        code="code-invalid",
        typed=typed,
        codes=", ".join(_named(one) for one in entries),
    )


def _named(one: Entry) -> str:
    return f"{one.display_in(None)} ({one.code})"
