"""Who may see what: a policy as data, made into SQL for whoever opens the door.

A *policy* (``data/<name>.toml``, chosen by ``XINGLIN_POLICY``) is a list of *rules*: for these roles and purposes,
resources of these types, in this *scope*, without these sensitivity *labels*. ``compiling.access_of`` makes of it and
of an actor one condition on resource rows; the door puts it into every statement that reads, so nothing outside of
this package decides what is seen. ``relations`` keeps which institution cares for whom (and who has broken the glass),
``sensitivity`` gives rows their labels as they are written, ``practice`` keeps who is registered, ``directives`` reads
residents' Consents and ``consents`` has them kept to, ``preview`` says what an actor would see, and why.
``scopes`` takes away what the app that somebody uses was not granted.

Start reading at ``terms``, then ``compiling``.
"""

from xinglin.record.policy.compiling import Denial, deny, in_force, is_qualified, kindred
from xinglin.record.policy.preview import Sight, preview
from xinglin.record.policy.relations import Opened, break_glass, is_open, is_open_to
from xinglin.record.policy.scopes import access_of, require_written

__all__ = [
    "Denial",
    "Opened",
    "Sight",
    "access_of",
    "break_glass",
    "deny",
    "in_force",
    "is_open",
    "is_open_to",
    "is_qualified",
    "kindred",
    "preview",
    "require_written",
]
