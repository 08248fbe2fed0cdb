"""The record's tables can be distributed by shard: no unique constraint lacks it."""

from __future__ import annotations

import pytest
from django.db import connection

LOCAL = {  # small tables that stay on one node, or are copied whole to each
    "record_consumer",
    "record_indexed",
    "record_job",
    "record_load",
    "record_seal",
    "record_text",
    "record_upkeep",
}


@pytest.mark.django_db
def test_every_unique_index_of_the_record_contains_the_shard() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.relname, i.relname,
                   ARRAY(SELECT a.attname::text FROM pg_attribute a
                         WHERE a.attrelid = t.oid AND a.attnum = ANY(x.indkey::smallint[]))
            FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
            WHERE x.indisunique AND t.relname LIKE 'record\\_%'
            """
        )
        rows = [row for row in cursor.fetchall() if row[0] not in LOCAL]

    assert {table for table, _, _ in rows} >= {"record_resource", "record_history"}
    assert [index for _, index, columns in rows if "shard" not in columns] == []


@pytest.mark.django_db
def test_every_big_table_of_the_record_has_the_shard() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'shard'")
        sharded = {name for (name,) in cursor.fetchall()}

    assert {"record_resource", "record_history", "record_range", "record_string"} <= sharded
