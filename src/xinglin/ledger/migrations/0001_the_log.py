"""The ledger's tables. What has been entered stays as it is: triggers refuse to change it, verification finds it.

The unique constraints of the big tables contain ``shard``, which is a function of the number before it. The queue and
what is known of sources, witnesses, alarms and audits are small; a cluster keeps each on one node.
"""

from django.db import migrations

TABLES = """
-- One row: whose log this is, and how far it has come. The sequencer locks it.
CREATE TABLE ledger_head (
    one      boolean  PRIMARY KEY DEFAULT true CHECK (one),
    origin   text     NOT NULL,
    size     bigint   NOT NULL DEFAULT 0 CHECK (size >= 0),
    began    timestamptz NOT NULL
);

-- Entries as they are hashed (leaf), columns to find them by, and what only the platform may know: the salt, and the
-- event where it stands in no other table. key is how the source finds the row again, where its place does not say.
CREATE TABLE ledger_entry (
    index    bigint   NOT NULL CHECK (index >= 0),
    place    bigint   NOT NULL,
    moment   timestamptz NOT NULL,
    part     integer  NOT NULL,
    shard    smallint NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    source   text COLLATE "C" NOT NULL,
    key      text COLLATE "C",
    leaf     bytea    NOT NULL,
    salt     bytea,
    event    bytea,
    PRIMARY KEY (index, shard)
);
CREATE INDEX ledger_entry_place ON ledger_entry (source, place, part);
CREATE INDEX ledger_entry_key ON ledger_entry (source, key) WHERE key IS NOT NULL;
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, index);
CREATE INDEX ledger_entry_moment ON ledger_entry USING brin (moment);

-- The tree: 256 hashes a row. The last row of each level grows until it is full.
CREATE TABLE ledger_tile (
    number   bigint   NOT NULL,
    level    smallint NOT NULL,
    shard    smallint NOT NULL,
    hashes   bytea    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, number, shard)
);
ALTER TABLE ledger_tile ALTER hashes SET STORAGE EXTERNAL;

CREATE TABLE ledger_checkpoint (
    size     bigint   PRIMARY KEY,
    moment   timestamptz NOT NULL,
    root     bytea    NOT NULL CHECK (length(root) = 32),
    note     text     NOT NULL
);
CREATE INDEX ledger_checkpoint_moment ON ledger_checkpoint (moment);

CREATE TABLE ledger_cosignature (
    size     bigint   NOT NULL,
    witness  text     NOT NULL,
    moment   timestamptz NOT NULL,
    line     text     NOT NULL,
    PRIMARY KEY (size, witness, moment)
);

-- What writers have asked to enter, in their own transactions, until the sequencer takes it.
CREATE TABLE ledger_queue (
    place    bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moment   timestamptz NOT NULL,
    kind     text     NOT NULL,
    key      text,
    event    bytea    NOT NULL
);

CREATE TABLE ledger_source (
    name     text     PRIMARY KEY,
    place    bigint   NOT NULL DEFAULT 0,
    since    bigint   NOT NULL DEFAULT 0,
    moment   timestamptz
);

-- What the log knows of its witnesses: the size they last cosigned, and what went wrong last.
CREATE TABLE ledger_witness (
    name     text     PRIMARY KEY,
    size     bigint   NOT NULL DEFAULT 0,
    cosigned timestamptz,
    asked    timestamptz,
    trouble  text     NOT NULL DEFAULT ''
);

CREATE TABLE ledger_alarm (
    number   bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moment   timestamptz NOT NULL,
    kind     text     NOT NULL,
    subject  text     NOT NULL,
    detail   text     NOT NULL,
    settled  timestamptz,
    settler  text,
    words    text     NOT NULL DEFAULT ''
);

CREATE TABLE ledger_audit (
    number   bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked    timestamptz NOT NULL,
    asker    text     NOT NULL,
    begun    timestamptz,
    ended    timestamptz,
    size     bigint,
    done     bigint   NOT NULL DEFAULT 0,
    counts   jsonb    NOT NULL DEFAULT '{}',
    findings jsonb    NOT NULL DEFAULT '[]',
    failed   text     NOT NULL DEFAULT ''
);
"""

GUARDS = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;

-- Erasing takes away event and salt, nothing else.
CREATE FUNCTION ledger_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.salt IS NULL AND NEW.event IS NULL
       AND (NEW.index, NEW.place, NEW.moment, NEW.part, NEW.shard, NEW.kind, NEW.source, NEW.leaf)
         = (OLD.index, OLD.place, OLD.moment, OLD.part, OLD.shard, OLD.kind, OLD.source, OLD.leaf)
       AND NEW.key IS NOT DISTINCT FROM OLD.key
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'The ledger only grows: of entry % event and salt can be erased, nothing changed', OLD.index;
END $$;

CREATE FUNCTION ledger_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.level, NEW.number, NEW.shard) = (OLD.level, OLD.number, OLD.shard)
       AND substring(NEW.hashes FOR length(OLD.hashes)) = OLD.hashes
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'The ledger only grows: tile % of level % can be added to, not changed', OLD.number, OLD.level;
END $$;

CREATE TRIGGER ledger_entry_erased BEFORE UPDATE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_only_erase();
CREATE TRIGGER ledger_entry_deleted BEFORE DELETE OR TRUNCATE ON ledger_entry EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_tile_grown BEFORE UPDATE ON ledger_tile FOR EACH ROW EXECUTE FUNCTION ledger_only_grow();
CREATE TRIGGER ledger_tile_deleted BEFORE DELETE OR TRUNCATE ON ledger_tile EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_checkpoint_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint
    EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_cosignature_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cosignature
    EXECUTE FUNCTION ledger_refuse();
"""

DROP = """
DROP TABLE ledger_audit, ledger_alarm, ledger_witness, ledger_source, ledger_queue, ledger_cosignature,
           ledger_checkpoint, ledger_tile, ledger_entry, ledger_head;
DROP FUNCTION ledger_only_grow, ledger_only_erase, ledger_refuse;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("record", "0004_access_lines_have_places")]
    operations = [migrations.RunSQL(TABLES + GUARDS, DROP)]
