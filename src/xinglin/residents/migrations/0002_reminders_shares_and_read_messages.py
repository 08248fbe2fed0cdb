"""Reminders of medicines and what became of them, what residents show to others for a while, and messages read.

All of it is about one person and carries the shard of the Patient.
"""

from django.db import migrations

TABLES = """
CREATE TABLE residents_reminder (
    id            bigint      NOT NULL,
    shard         smallint    NOT NULL,          -- of the Patient
    patient       text COLLATE "C" NOT NULL,
    medicine      text        NOT NULL,          -- sealed: name and how it is taken
    times         text[]      NOT NULL CHECK (cardinality(times) > 0),
    since         date        NOT NULL,
    until         date,
    actor         text        NOT NULL,
    made          timestamptz NOT NULL,
    ended         timestamptz,
    PRIMARY KEY (id, shard)
);
CREATE INDEX residents_reminder_patient ON residents_reminder (patient) WHERE ended IS NULL;

CREATE TABLE residents_intake (
    reminder      bigint      NOT NULL,
    shard         smallint    NOT NULL,
    day           date        NOT NULL,
    time          text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('taken', 'skipped')),
    noted         timestamptz NOT NULL,
    actor         text        NOT NULL,
    PRIMARY KEY (reminder, day, time, shard)
);

CREATE TABLE residents_share (
    id            bigint      NOT NULL,
    shard         smallint    NOT NULL,          -- of the Patient
    patient       text COLLATE "C" NOT NULL,
    actor         text        NOT NULL,          -- who made it
    token         text COLLATE "C" NOT NULL,     -- keyed hash
    pin           text COLLATE "C" NOT NULL,     -- keyed hash
    scope         text        NOT NULL CHECK (scope IN ('summary', 'all')),
    made          timestamptz NOT NULL,
    expires       timestamptz NOT NULL CHECK (expires > made),
    uses          integer     CHECK (uses > 0),  -- how often it can be opened; NULL for any number
    used          integer     NOT NULL DEFAULT 0,
    failures      integer     NOT NULL DEFAULT 0,
    revoked       timestamptz,
    PRIMARY KEY (id, shard),
    CHECK (uses IS NULL OR used <= uses)
);
CREATE UNIQUE INDEX residents_share_token ON residents_share (token, shard);
CREATE INDEX residents_share_patient ON residents_share (patient, made);

CREATE TABLE residents_opening (
    id            bigint      NOT NULL,
    shard         smallint    NOT NULL,
    share         bigint      NOT NULL,
    moment        timestamptz NOT NULL,
    outcome       text        NOT NULL CHECK (outcome IN ('opened', 'wrong-pin')),
    address       text        NOT NULL DEFAULT '',
    device        text        NOT NULL DEFAULT '',
    PRIMARY KEY (id, shard)
);
CREATE INDEX residents_opening_share ON residents_opening (share, moment);

CREATE TABLE residents_letter (                  -- Communications that somebody has read
    actor         text COLLATE "C" NOT NULL,
    communication text COLLATE "C" NOT NULL,
    shard         smallint    NOT NULL,          -- of the Patient
    moment        timestamptz NOT NULL,
    PRIMARY KEY (actor, communication, shard)
);
"""
GONE = "DROP TABLE residents_letter, residents_opening, residents_share, residents_intake, residents_reminder"


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_registrations_and_authorities")]

    operations = [migrations.RunSQL(TABLES, GONE)]
