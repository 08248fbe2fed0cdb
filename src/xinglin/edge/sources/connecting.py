"""Connections to an institution's database by its driver's name: DB-API 2.0, only for reading."""

from __future__ import annotations

import contextlib
import importlib
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.utils.translation import gettext_noop

from xinglin.edge.sources import statements
from xinglin.edge.sources.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xinglin.edge.configuration import DatabaseSource

_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_CHUNK = 500
_KNOWN = "sqlite3, psycopg (PostgreSQL), oracledb (Oracle), pymysql (MySQL), pymssql or pyodbc (SQL Server)"


class Database:
    """One connection, opened when it is first needed and again after an error."""

    def __init__(self, source: DatabaseSource) -> None:
        self._source = source
        self._connection: Any = None
        self._module = _driver(source.driver)

    def _open(self) -> Any:
        if self._connection is None:
            try:
                self._connection = self._connected()
            except Exception as error:  # noqa: BLE001 -- each driver has its own
                raise Trouble(
                    gettext_noop("The database cannot be reached: %(why)s"), why=said(error)
                ) from None
        return self._connection

    def _connected(self) -> Any:
        given = dict(self._source.connect)
        if self._source.password_file is not None:
            given["password"] = self._source.password_file.read_text().strip()
        if self._source.driver == "sqlite3":
            path = quote(str(given.pop("database", "")))
            return self._module.connect(f"file:{path}?mode=ro", uri=True, timeout=30, **given)
        connection = self._module.connect(**given)
        if self._source.driver == "psycopg":
            connection.read_only = True
        return connection

    def rows(
        self, query: str, values: Mapping[str, Any]
    ) -> Iterator[tuple[list[str], Sequence[Sequence[Any]]]]:
        """The names of the columns and rows, some hundred at a time."""
        sql, parameters = statements.bound(query, self._fitting(values), self._module.paramstyle)
        connection = self._open()
        try:
            cursor = (
                connection.cursor(name="xinglin") if self._source.driver == "psycopg" else connection.cursor()
            )
            try:
                # a driver that is given no parameters leaves % and : alone, and so did we where there are none
                cursor.execute(sql, parameters) if parameters else cursor.execute(query)
                while True:
                    rows = cursor.fetchmany(_CHUNK)
                    names = [str(column[0]) for column in cursor.description or ()]
                    yield names, rows
                    if not rows:
                        return
            finally:
                with contextlib.suppress(self._module.Error):  # of a connection that was closed meanwhile
                    cursor.close()
        except self._module.Error as error:
            self.close()
            raise Trouble(gettext_noop("The database refuses the query: %(why)s"), why=said(error)) from None

    def _fitting(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """SQLite has no type for dates: they are texts there, as its own functions write them."""
        if self._source.driver != "sqlite3":
            return dict(values)
        return {name: _text(value) for name, value in values.items()}

    def rest(self) -> None:
        """End the transaction that reading has begun, so that the database need not keep old rows for us."""
        if self._connection is not None:
            try:
                self._connection.rollback()
            except self._module.Error:
                self.close()

    def close(self) -> None:
        held, self._connection = self._connection, None
        if held is not None:
            try:
                held.close()
            except self._module.Error:
                return


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _driver(name: str) -> Any:
    if not _MODULE.fullmatch(name):
        raise Trouble(
            gettext_noop("`driver` should be the name of a Python module: %(known)s; it is %(name)s."),
            known=_KNOWN, name=name,
        )  # fmt: skip
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Trouble(
            gettext_noop("The driver %(name)s is not installed here (%(why)s). Known are %(known)s."),
            name=name, why=error, known=_KNOWN,
        ) from None  # fmt: skip
    if not hasattr(module, "connect") or not hasattr(module, "paramstyle"):
        raise Trouble(
            gettext_noop("%(name)s is no database driver (PEP 249). Known are %(known)s."),
            name=name,
            known=_KNOWN,
        )
    return module


def said(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
