"""Who overruled which finding of which prescription, and why; what was found at signing and dispensing. Only added to."""

from django.db import migrations

TABLES = """
CREATE TABLE tcm_safety_overruling (
    id            bigint   NOT NULL,             -- a version number of kernel.ids
    shard         smallint NOT NULL,             -- of the Patient, 0 where none is named
    prescription  text COLLATE "C" NOT NULL,     -- what the prescribing system calls it
    patient       text COLLATE "C" NOT NULL,     -- id of a Patient, or empty
    finding       text NOT NULL,                 -- values.Finding.key
    rule          text COLLATE "C" NOT NULL,
    level         text NOT NULL,
    part          text NOT NULL,                 -- author: who prescribes; second: who stands behind it
    reason        text NOT NULL,
    words         text NOT NULL,
    rules_version text NOT NULL,
    moment        timestamptz NOT NULL,
    actor         text NOT NULL,
    actor_name    text NOT NULL,
    institution   text NOT NULL,
    PRIMARY KEY (id, shard),
    UNIQUE (prescription, finding, part, actor, shard),
    CHECK (level IN ('stop', 'second')),
    CHECK (part IN ('author', 'second'))
);
CREATE INDEX tcm_safety_overruling_moment ON tcm_safety_overruling (institution, moment);

CREATE TABLE tcm_safety_review (
    id            bigint   NOT NULL,
    shard         smallint NOT NULL,             -- as above
    prescription  text COLLATE "C" NOT NULL,
    stage         text     NOT NULL,
    stops         smallint NOT NULL,             -- findings by level
    seconds       smallint NOT NULL,
    notes         smallint NOT NULL,
    outstanding   smallint NOT NULL,             -- findings that hindered it still
    rules_version text     NOT NULL,
    moment        timestamptz NOT NULL,
    actor         text     NOT NULL,
    institution   text     NOT NULL,
    PRIMARY KEY (id, shard),
    CHECK (stage IN ('signing', 'dispensing'))
);
CREATE INDEX tcm_safety_review_moment ON tcm_safety_review (institution, moment);

CREATE FUNCTION tcm_safety_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER tcm_safety_overruling_kept BEFORE UPDATE OR DELETE ON tcm_safety_overruling
    FOR EACH ROW EXECUTE FUNCTION tcm_safety_kept();
CREATE TRIGGER tcm_safety_review_kept BEFORE UPDATE OR DELETE ON tcm_safety_review
    FOR EACH ROW EXECUTE FUNCTION tcm_safety_kept();
"""

DROP = "DROP TABLE tcm_safety_review, tcm_safety_overruling; DROP FUNCTION tcm_safety_kept"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
