"""Institutions' own versions of mappings, the samples that each is tested by, and what was done with them.

These tables are small: some hundred versions. What a sample holds is sealed, as are the results of trials.
"""

from django.db import migrations

TABLES = """
-- owner: a sender's profile, or its code. text is never changed once the version is in force.
CREATE TABLE exchange_mapping_version (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner     text COLLATE "C" NOT NULL CHECK (owner <> ''),
    door      text NOT NULL,
    mapping   text COLLATE "C" NOT NULL,
    kinds     text[] NOT NULL,
    number    integer NOT NULL,
    state     text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'tested', 'in force', 'retired')),
    body      text NOT NULL,
    base      text NOT NULL DEFAULT '',
    note      text NOT NULL DEFAULT '',
    made      timestamptz NOT NULL,
    maker     text NOT NULL,
    changed   timestamptz NOT NULL,
    edits     integer NOT NULL DEFAULT 0,
    since     timestamptz,
    until     timestamptz,
    UNIQUE (owner, mapping, number)
);
CREATE UNIQUE INDEX exchange_mapping_in_force ON exchange_mapping_version (owner, mapping) WHERE state = 'in force';

CREATE TABLE exchange_mapping_sample (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner     text COLLATE "C" NOT NULL,
    mapping   text COLLATE "C" NOT NULL,
    title     text NOT NULL CHECK (title <> ''),
    media     text NOT NULL DEFAULT '',
    kind      text NOT NULL,
    message   bytea NOT NULL,
    expected  bytea NOT NULL,
    made      timestamptz NOT NULL,
    maker     text NOT NULL,
    UNIQUE (owner, mapping, title)
);

-- The last test of a version by a sample; said is the difference, sealed, empty where there is none.
CREATE TABLE exchange_mapping_trial (
    version   integer NOT NULL REFERENCES exchange_mapping_version ON DELETE CASCADE,
    sample    integer NOT NULL REFERENCES exchange_mapping_sample ON DELETE CASCADE,
    passed    boolean NOT NULL,
    said      bytea NOT NULL,
    moment    timestamptz NOT NULL,
    PRIMARY KEY (version, sample)
);

CREATE TABLE exchange_mapping_event (
    place     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner     text COLLATE "C" NOT NULL,
    mapping   text COLLATE "C" NOT NULL,
    number    integer NOT NULL,
    moment    timestamptz NOT NULL,
    what      text NOT NULL,
    actor     text NOT NULL,
    note      text NOT NULL DEFAULT ''
);
CREATE INDEX exchange_mapping_event_of ON exchange_mapping_event (owner, mapping, place DESC);
"""

DROP = """
DROP TABLE exchange_mapping_event, exchange_mapping_trial, exchange_mapping_sample, exchange_mapping_version;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
