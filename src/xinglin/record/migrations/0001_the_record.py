"""The record's tables.

Every unique constraint contains ``shard``, so that the tables can be distributed by it unchanged. The body
is compressed before it comes here; PostgreSQL is told not to try again.
"""

from django.db import migrations

TABLES = """
CREATE TABLE record_resource (
    self     bigint   NOT NULL,
    vid      bigint   NOT NULL,
    tx       bigint   NOT NULL,
    patient  bigint   NOT NULL,
    date     double precision,
    version  integer  NOT NULL,
    type     smallint NOT NULL,
    shard    smallint NOT NULL,
    id       text COLLATE "C" NOT NULL,
    tokens   bigint[] NOT NULL,
    body     bytea    NOT NULL,
    PRIMARY KEY (self, shard)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE record_resource ALTER body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX record_resource_version ON record_resource (type, vid, shard);
CREATE INDEX record_resource_patient ON record_resource (patient, type, date NULLS FIRST, vid) WHERE patient <> 0;
CREATE INDEX record_resource_tokens ON record_resource USING gin (tokens) WITH (fastupdate = on, gin_pending_list_limit = 256);

CREATE TABLE record_history (
    self     bigint   NOT NULL,
    vid      bigint   NOT NULL,
    tx       bigint   NOT NULL,
    until_tx bigint,
    patient  bigint   NOT NULL,
    date     double precision,
    version  integer  NOT NULL,
    type     smallint NOT NULL,
    shard    smallint NOT NULL,
    deleted  boolean  NOT NULL,
    id       text COLLATE "C" NOT NULL,
    tokens   bigint[] NOT NULL,
    body     bytea,
    PRIMARY KEY (self, version, shard),
    CHECK (deleted = (body IS NULL))
);
ALTER TABLE record_history ALTER body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX record_history_version ON record_history (type, vid, shard);
CREATE INDEX record_history_until ON record_history (until_tx);

CREATE TABLE record_range (
    vid      bigint   NOT NULL,
    lo       double precision NOT NULL,
    hi       double precision NOT NULL,
    key      integer  NOT NULL,
    unit     integer  NOT NULL,
    shard    smallint NOT NULL
);
CREATE INDEX record_range_value ON record_range (key, lo, hi, vid);
CREATE INDEX record_range_version ON record_range (vid, key);

CREATE TABLE record_string (
    vid      bigint   NOT NULL,
    key      integer  NOT NULL,
    shard    smallint NOT NULL,
    value    text COLLATE "C" NOT NULL
);
CREATE INDEX record_string_value ON record_string (key, value, vid);
CREATE INDEX record_string_version ON record_string (vid, key);

-- The texts by which codes are searched (displays and the like): few and ever the same, so each stands here
-- once and resources carry its hash among their tokens. Small: every node of a cluster has it whole.
CREATE TABLE record_text (
    hash     bigint   PRIMARY KEY,
    key      integer  NOT NULL,
    value    text COLLATE "C" NOT NULL
);
CREATE INDEX record_text_value ON record_text (key, value);

CREATE SEQUENCE record_change_order;
CREATE TABLE record_change (
    place    bigint   NOT NULL,
    tx       bigint   NOT NULL,
    moment   timestamptz NOT NULL DEFAULT statement_timestamp(),
    actor    text     NOT NULL,
    purpose  text     NOT NULL,
    types    smallint[] NOT NULL,
    vids     bigint[] NOT NULL
);
CREATE INDEX record_change_place ON record_change (place);

CREATE TABLE record_consumer (
    name     text PRIMARY KEY,
    place    bigint NOT NULL DEFAULT 0,
    moment   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE record_access (
    moment   timestamptz NOT NULL,
    actor    text     NOT NULL,
    purpose  text     NOT NULL,
    action   text     NOT NULL,
    outcome  text     NOT NULL,
    type     smallint,
    id       text,
    patient  bigint,
    query    text
);
CREATE INDEX record_access_moment ON record_access USING brin (moment);
CREATE INDEX record_access_patient ON record_access (patient, moment) WHERE patient IS NOT NULL;

CREATE TABLE record_epoch (shift bigint NOT NULL);
INSERT INTO record_epoch VALUES (0);
"""

# Transactions are known by PostgreSQL's own 64-bit numbers. A database restored into a new server starts
# counting again from below; ``record_epoch.shift`` (see record.database.adopt) lifts it above what is stored.
FUNCTIONS = """
CREATE FUNCTION record_tx() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT pg_current_xact_id()::text::bigint + shift FROM record_epoch $$;

CREATE FUNCTION record_snapshot(OUT xmin bigint, OUT xmax bigint, OUT running bigint[]) LANGUAGE sql STABLE AS
$$ SELECT pg_snapshot_xmin(s)::text::bigint + shift,
          pg_snapshot_xmax(s)::text::bigint + shift,
          ARRAY(SELECT x::text::bigint + shift FROM pg_snapshot_xip(s) x)
   FROM pg_current_snapshot() s, record_epoch $$;
"""

DROP = """
DROP FUNCTION record_snapshot; DROP FUNCTION record_tx;
DROP TABLE record_epoch, record_text, record_access, record_consumer, record_change, record_string, record_range,
           record_history, record_resource;
DROP SEQUENCE record_change_order;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES + FUNCTIONS, DROP)]
