"""Versions of the catalogue, tiers and marks of institutions, decisions, disputes. Decisions are only added to."""

from django.db import migrations

TABLES = """
CREATE TABLE recognition_catalogue (
    number    integer NOT NULL PRIMARY KEY,      -- from 1; what is shipped is 0
    version   text NOT NULL,
    effective date NOT NULL,
    body      text NOT NULL,                     -- as it is read by catalogue.read
    moment    timestamptz NOT NULL,
    actor     text NOT NULL,
    name      text NOT NULL,
    words     text NOT NULL
);

CREATE TABLE recognition_tier (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,       -- id of an Organization; the last line of one holds
    tier        text NOT NULL,                   -- empty: as the directory says again
    moment      timestamptz NOT NULL,
    actor       text NOT NULL,
    name        text NOT NULL,
    words       text NOT NULL,
    CHECK (tier IN ('', 'primary', 'secondary', 'tertiary'))
);
CREATE INDEX recognition_tier_institution ON recognition_tier (institution, number);

CREATE TABLE recognition_mark (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,
    items       text NOT NULL,                   -- an item, a kind, group:…, or *
    scope       text NOT NULL,
    area        text NOT NULL,                   -- head digits of a division, empty: the whole region
    since       date NOT NULL,
    until       date,                            -- the first day on which it holds no longer
    evidence    text NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text NOT NULL,
    name        text NOT NULL,
    ended       timestamptz,                     -- when somebody shortened it, and who and why
    ended_by    text NOT NULL DEFAULT '',
    ended_words text NOT NULL DEFAULT '',
    CHECK (scope IN ('district', 'city', 'province', 'provinces', 'national')),
    CHECK (until IS NULL OR until >= since)
);
CREATE INDEX recognition_mark_institution ON recognition_mark (institution);

CREATE TABLE recognition_decision (
    id           bigint   NOT NULL,              -- a version number of kernel.ids
    shard        smallint NOT NULL,              -- of the Patient
    patient      text COLLATE "C" NOT NULL,      -- for whom it was ordered
    ordering     text NOT NULL,                  -- what the ordering system calls the order
    item         text NOT NULL,                  -- of the catalogue
    item_name    text NOT NULL,
    item_kind    text NOT NULL,
    catalogue    integer NOT NULL,               -- number of the version by which it was judged
    verdict      text NOT NULL,
    reason       text NOT NULL,
    words        text NOT NULL,
    reference    text COLLATE "C" NOT NULL,      -- of the result
    version      text NOT NULL,
    result_time  timestamptz NOT NULL,
    source       text COLLATE "C" NOT NULL,      -- institution of the result
    mark         bigint,                         -- by which it was recognisable
    own          boolean NOT NULL,               -- the result is of the ordering institution
    institution  text COLLATE "C" NOT NULL,
    doctor       text NOT NULL,
    doctor_name  text NOT NULL,
    actor        text NOT NULL,                  -- the account: the doctor's, or the machine's
    fen          bigint NOT NULL,                -- what is saved; 0 where it was declined
    replaces     bigint NOT NULL DEFAULT 0,      -- an earlier decision on the same item of the same order
    moment       timestamptz NOT NULL,
    PRIMARY KEY (id, shard),
    CHECK (verdict IN ('recognised', 'declined')),
    CHECK (verdict = 'declined' OR reason = ''),
    CHECK (verdict = 'recognised' OR (reason <> '' AND fen = 0)),
    CHECK (fen >= 0)
);
CREATE UNIQUE INDEX recognition_decision_first
    ON recognition_decision (shard, patient, institution, ordering, item) WHERE replaces = 0;
CREATE UNIQUE INDEX recognition_decision_replaces ON recognition_decision (replaces, shard) WHERE replaces <> 0;
CREATE INDEX recognition_decision_moment ON recognition_decision (moment);
CREATE INDEX recognition_decision_institution ON recognition_decision (institution, moment);
CREATE INDEX recognition_decision_source ON recognition_decision (source, moment);

CREATE TABLE recognition_dispute (
    id        bigint   NOT NULL,                 -- that of the decision
    shard     smallint NOT NULL,
    objector  text COLLATE "C" NOT NULL,         -- institution of the result
    decliner  text COLLATE "C" NOT NULL,
    state     text NOT NULL,
    opened    timestamptz NOT NULL,
    closed    timestamptz,
    PRIMARY KEY (id, shard),
    FOREIGN KEY (id, shard) REFERENCES recognition_decision (id, shard),
    CHECK (state IN ('open', 'answered', 'upheld', 'overturned', 'withdrawn'))
);
CREATE INDEX recognition_dispute_state ON recognition_dispute (state, opened);

CREATE TABLE recognition_step (
    number      bigint GENERATED ALWAYS AS IDENTITY,
    shard       smallint NOT NULL,
    dispute     bigint NOT NULL,
    verb        text NOT NULL,
    state       text NOT NULL,
    words       text NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text NOT NULL,
    name        text NOT NULL,
    institution text NOT NULL,
    PRIMARY KEY (number, shard),
    FOREIGN KEY (dispute, shard) REFERENCES recognition_dispute (id, shard)
);
CREATE INDEX recognition_step_dispute ON recognition_step (dispute, shard);

CREATE FUNCTION recognition_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER recognition_decision_kept BEFORE UPDATE OR DELETE ON recognition_decision
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
CREATE TRIGGER recognition_step_kept BEFORE UPDATE OR DELETE ON recognition_step
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
CREATE TRIGGER recognition_catalogue_kept BEFORE UPDATE OR DELETE ON recognition_catalogue
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
CREATE TRIGGER recognition_tier_kept BEFORE UPDATE OR DELETE ON recognition_tier
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
CREATE TRIGGER recognition_dispute_kept BEFORE DELETE ON recognition_dispute
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
CREATE TRIGGER recognition_mark_kept BEFORE DELETE ON recognition_mark
    FOR EACH ROW EXECUTE FUNCTION recognition_kept();
"""

DROP = """
DROP TABLE recognition_step, recognition_dispute, recognition_decision, recognition_mark, recognition_tier,
    recognition_catalogue;
DROP FUNCTION recognition_kept;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
