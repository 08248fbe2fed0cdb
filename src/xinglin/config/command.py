"""``xinglin``: the command line. Every package's commands, after the database has been seen to."""

from __future__ import annotations

import os
import sys

from xinglin.kernel import settings

_WITHOUT_DATABASE = {
    "help",
    "--help",
    "-h",
    "--version",
    "version",
    "stop",
    "restore",
    "synth",
    "witness",
    "edge",
    "keys",
    "makemessages",
    "compilemessages",
}
_PARTS_WITH_DATABASE = {("synth", "register")}
_PARTS_WITHOUT_DATABASE = {
    ("identity", "train"),
    ("identity", "evaluate"),
    ("ledger", "verify"),
    ("tcm", "evaluate"),
}


def main() -> None:
    """Run one command. Without ``DATABASE_URL`` the embedded PostgreSQL is started first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name == "demo":
        os.environ.setdefault("XINGLIN_DEMO", "true")
        os.environ.setdefault("XINGLIN_POLICY", "region")
    given = settings.read()
    if name == "stop":
        from xinglin.config import embedded  # noqa: PLC0415 -- not needed by the other commands

        embedded.stop(given.home)
        return
    if given.database_url is None:
        if _needs_none(name):
            os.environ["DATABASE_URL"] = "postgresql:///none"
        else:
            from xinglin.config import embedded  # noqa: PLC0415 -- not needed with DATABASE_URL

            os.environ["DATABASE_URL"] = embedded.ensure_running(given.home)

    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- reads DATABASE_URL

    from xinglin.crypto.folder import KeysUnusable  # noqa: PLC0415 -- as above

    try:
        execute_from_command_line(["xinglin", *sys.argv[1:]])
    except KeysUnusable as error:
        raise SystemExit(str(error)) from None


def _needs_none(name: str) -> bool:
    """Whether the command works without a database."""
    part = tuple(sys.argv[1:3])
    return part in _PARTS_WITHOUT_DATABASE or (name in _WITHOUT_DATABASE and part not in _PARTS_WITH_DATABASE)


if __name__ == "__main__":
    main()
