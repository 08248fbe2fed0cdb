"""The advisory locks of the database. They share one space of numbers, so each has its own here.

A lock is a number (``pg_advisory_lock(bigint)``), a space the first of two (``pg_advisory_lock(int, int)``).
Migrations that name one in SQL say which.
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """``0x584C`` is XL; what follows counts up."""

    OUTBOX_ORDER = 0x58_4C_01  # from the choice of a place in the outbox to the end of the commit
    DELETES = 0x58_4C_02  # shared by writers, exclusive to deletes: so that no reference is left dangling
    CRITERIA = 0x58_4C_03  # a space: conditions of conditional requests
    ACCESS_ORDER = 0x58_4C_04  # from the choice of places in the access log to the end of the commit
    JOBS = 0x58_4C_10  # a space: one a job
    PERSONS = 0x58_4C_20  # shared by those who lock blocking keys, exclusive to those who lock all
    BLOCKING_KEYS = 0x58_4C_21  # a space: the person index's blocking keys
    LEDGER = 0x58_4C_30  # of the one process that keeps the ledger
    RESIDENT_CODES = 0x58_4C_60  # a space: phones and cards that one-time codes are asked for
    SIGN_ON_ORDER = 0x58_4C_40  # so that events of signing on become visible in the order of their places
    EXCHANGE_LANES = 0x58_4C_70  # a space: a sender's messages about one patient, which are worked in order
    EXCHANGE_COUNTS = 0x58_4C_71  # of who counts the minutes of the exchange that are over
    NODES = 0x58_4C_7A  # of the one process that forwards to other nodes
    SIGNATURES = 0x58_4C_50  # a space: one a document that is being signed
    IMAGE_FILES = 0x58_4C_78  # shared by those who enter images, exclusive to who clears files away
    QUALITY = 0x58_4C_80  # of the one run of the quality rules
