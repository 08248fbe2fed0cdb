"""Residents' own decisions, ready to be asked with every row; notices; who may practise."""

from django.db import migrations

TABLES = """
-- A provision of a Consent that is in force. NULL fits everything. ``path`` are the numbers of the provisions above it
-- and its own; it decides where all of them fit and none below it does.
CREATE TABLE record_consent (
    patient   bigint      NOT NULL,
    consent   bigint      NOT NULL,              -- the number of the Consent
    node      smallint    NOT NULL,
    parent    smallint,
    path      smallint[]  NOT NULL,
    denies    boolean     NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    actors    text[] COLLATE "C",
    holders   bigint[],                          -- tokens of rows that they have made or keep
    purposes  text[] COLLATE "C",
    types     smallint[],
    codes     bigint[],
    labels    bigint[],
    dates     double precision[],                -- [from, until) of record_resource.date
    instances bigint[],
    shard     smallint    NOT NULL,
    PRIMARY KEY (patient, consent, node, shard)
);
CREATE INDEX record_consent_consent ON record_consent (consent);

-- Something that somebody should know. ``recipient`` is an account, a role at an institution, or a patient.
CREATE TABLE record_notice (
    number    bigint      GENERATED ALWAYS AS IDENTITY,
    moment    timestamptz NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    about     text COLLATE "C" NOT NULL,
    message   text        NOT NULL,
    params    jsonb       NOT NULL,
    shard     smallint    NOT NULL,
    PRIMARY KEY (number, shard)
);
CREATE INDEX record_notice_recipient ON record_notice (recipient, number);

CREATE TABLE record_notice_read (
    number bigint      NOT NULL,
    reader text COLLATE "C" NOT NULL,
    moment timestamptz NOT NULL,
    shard  smallint    NOT NULL,               -- that of the notice
    PRIMARY KEY (number, reader, shard)
);

-- What a Practitioner says of the right to practise: a period of registration, or that it is suspended.
CREATE TABLE record_practice (
    practitioner text COLLATE "C" NOT NULL,
    source       bigint      NOT NULL,           -- the Practitioner or PractitionerRole that says it
    suspended    boolean     NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    shard        smallint    NOT NULL
);
CREATE INDEX record_practice_practitioner ON record_practice (practitioner);
CREATE INDEX record_practice_source ON record_practice (source);
"""
NAMES = "record_consent, record_notice, record_notice_read, record_practice"


class Migration(migrations.Migration):
    dependencies = [("record", "0006_care_relations_open_records")]
    operations = [migrations.RunSQL(TABLES, f"DROP TABLE {NAMES}")]
