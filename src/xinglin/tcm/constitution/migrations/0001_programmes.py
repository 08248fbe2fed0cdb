"""Who is enrolled in which programme, and what was done for them."""

from django.db import migrations

TABLES = """
CREATE TABLE tcm_constitution_enrolment (
    id            bigint   NOT NULL,             -- a version number of kernel.ids
    shard         smallint NOT NULL,             -- of the Patient
    patient       text COLLATE "C" NOT NULL,     -- id of a Patient
    programme     text COLLATE "C" NOT NULL,
    since         date     NOT NULL,
    start         date     NOT NULL,             -- from which steps are counted: birth, or enrolment
    until         date,                          -- the first day on which it is over
    institution   text     NOT NULL,             -- id of the Organization that serves, or empty
    actor         text     NOT NULL,
    PRIMARY KEY (id, shard),
    CHECK (until IS NULL OR until >= since)
);
CREATE UNIQUE INDEX tcm_constitution_enrolled ON tcm_constitution_enrolment (patient, programme, shard)
    WHERE until IS NULL;
CREATE INDEX tcm_constitution_enrolment_place ON tcm_constitution_enrolment (institution, programme, since);

CREATE TABLE tcm_constitution_service (
    id            bigint   NOT NULL,
    shard         smallint NOT NULL,             -- of the Patient
    patient       text COLLATE "C" NOT NULL,
    programme     text COLLATE "C" NOT NULL,
    step          text COLLATE "C" NOT NULL,
    day           date     NOT NULL,
    year          smallint NOT NULL,
    resource      text     NOT NULL,             -- type and id of what the record keeps of it
    institution   text     NOT NULL,
    actor         text     NOT NULL,
    actor_name    text     NOT NULL,
    PRIMARY KEY (id, shard),
    UNIQUE (patient, programme, step, year, shard)
);
CREATE INDEX tcm_constitution_service_year ON tcm_constitution_service (programme, year, patient);
"""

DROP = "DROP TABLE tcm_constitution_service, tcm_constitution_enrolment"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
