"""What loading, exporting and reindexing remember, so that each goes on where it was stopped."""

from django.db import migrations

TABLES = """
-- One row a stretch of a source that was loaded, written in the same transaction as what it brought.
CREATE TABLE record_load (
    digest   bytea  NOT NULL,             -- of the source's bytes
    first    bigint NOT NULL,             -- items [first, past) of it: lines, or entries of a bundle
    past     bigint NOT NULL,
    refused  bigint[] NOT NULL,           -- those of them that were not taken
    moment   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, first)
);

-- Long work that is asked for, goes on in the background and is asked about.
CREATE TABLE record_job (
    id       text PRIMARY KEY,
    kind     text NOT NULL,
    state    text NOT NULL DEFAULT 'waiting',
    actor    jsonb NOT NULL,
    request  jsonb NOT NULL,
    progress jsonb NOT NULL DEFAULT '{}',
    result   jsonb,
    made     timestamptz NOT NULL DEFAULT now(),
    moment   timestamptz NOT NULL DEFAULT now(),
    CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX record_job_kind ON record_job (kind, made);
"""

DROP = "DROP TABLE record_job, record_load;"


class Migration(migrations.Migration):
    dependencies = [("record", "0001_the_record")]
    operations = [migrations.RunSQL(TABLES, DROP)]
