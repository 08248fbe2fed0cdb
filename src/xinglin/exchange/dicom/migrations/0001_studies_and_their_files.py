"""Studies, series and instances; what is held, what has come, who may call."""

from django.db import migrations

TABLES = """
-- A study as one sender knows it: two senders' copies of one study are two rows. ``number`` and ``shard`` are those of
-- its ImagingStudy; what belongs to a study lives in its shard. ``facts``: its attributes as DICOM JSON, sealed.
CREATE TABLE exchange_dicom_study (
    number     bigint      NOT NULL,
    shard      smallint    NOT NULL,
    id         text COLLATE "C" NOT NULL,
    sender     text COLLATE "C" NOT NULL,
    uid        text COLLATE "C" NOT NULL,
    patient    text COLLATE "C" NOT NULL,      -- the id of the Patient
    date       date,
    keys       bigint[]    NOT NULL,           -- hashes of what it is found by
    facts      bytea       NOT NULL,
    began      timestamptz NOT NULL,
    published  timestamptz,                    -- told to the record; NULL: never yet
    receipt    text COLLATE "C",               -- of the message that told it
    PRIMARY KEY (number, shard)
);
CREATE INDEX exchange_dicom_study_uid ON exchange_dicom_study (uid);
CREATE INDEX exchange_dicom_study_date ON exchange_dicom_study (coalesce(date, '0001-01-01'::date) DESC, number);
CREATE INDEX exchange_dicom_study_keys ON exchange_dicom_study USING gin (keys) WITH (fastupdate = off);
CREATE INDEX exchange_dicom_study_patient ON exchange_dicom_study (patient);

CREATE TABLE exchange_dicom_series (
    study    bigint   NOT NULL,
    shard    smallint NOT NULL,
    uid      text COLLATE "C" NOT NULL,
    number   integer,
    modality text COLLATE "C" NOT NULL,
    facts    bytea    NOT NULL,
    PRIMARY KEY (study, uid, shard)
);

-- ``head``: the whole data set as DICOM JSON, without what is long; compressed and sealed.
CREATE TABLE exchange_dicom_instance (
    study   bigint      NOT NULL,
    shard   smallint    NOT NULL,
    series  text COLLATE "C" NOT NULL,
    uid     text COLLATE "C" NOT NULL,
    class   text COLLATE "C" NOT NULL,
    syntax  text COLLATE "C" NOT NULL,
    number  integer,
    frames  integer     NOT NULL,
    digest  bytea       NOT NULL,
    bytes   bigint      NOT NULL,
    arrived timestamptz NOT NULL,
    arrival bigint      NOT NULL,
    head    bytea       NOT NULL,
    PRIMARY KEY (study, uid, shard)
);
CREATE INDEX exchange_dicom_instance_uid ON exchange_dicom_instance (uid);
CREATE INDEX exchange_dicom_instance_digest ON exchange_dicom_instance (digest);

-- Studies that have something new since the record was told.
CREATE TABLE exchange_dicom_due (
    study   bigint      NOT NULL,
    shard   smallint    NOT NULL,
    since   timestamptz NOT NULL,
    changed timestamptz NOT NULL,
    due     timestamptz NOT NULL,
    PRIMARY KEY (study, shard)
);

-- Files of what was replaced or deleted, kept for a while.
CREATE TABLE exchange_dicom_former (
    study  bigint      NOT NULL,
    shard  smallint    NOT NULL,
    uid    text COLLATE "C" NOT NULL,
    digest bytea       NOT NULL,
    bytes  bigint      NOT NULL,
    until  timestamptz NOT NULL,               -- when it ceased to be the current one
    why    text COLLATE "C" NOT NULL,          -- replaced, deleted
    actor  text COLLATE "C" NOT NULL,
    PRIMARY KEY (study, uid, digest, until, shard)
);
CREATE INDEX exchange_dicom_former_digest ON exchange_dicom_former (digest);
CREATE INDEX exchange_dicom_former_until ON exchange_dicom_former (until);

-- An association, or a request: who sent when, and what became of it.
CREATE TABLE exchange_dicom_arrival (
    number   bigint      GENERATED ALWAYS AS IDENTITY,
    shard    smallint    NOT NULL,
    sender   text COLLATE "C" NOT NULL,
    way      text COLLATE "C" NOT NULL,        -- C-STORE, STOW-RS
    title    text        NOT NULL,
    address  text COLLATE "C" NOT NULL,
    began    timestamptz NOT NULL,
    ended    timestamptz,
    stored   integer     NOT NULL DEFAULT 0,
    repeated integer     NOT NULL DEFAULT 0,
    held     integer     NOT NULL DEFAULT 0,
    refused  integer     NOT NULL DEFAULT 0,
    bytes    bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (number, shard)
);
CREATE INDEX exchange_dicom_arrival_began ON exchange_dicom_arrival (began);

-- What could not be used. ``facts``: what could be read of it, and the reasons; sealed JSON.
CREATE TABLE exchange_dicom_held (
    number  bigint      GENERATED ALWAYS AS IDENTITY,
    shard   smallint    NOT NULL,
    sender  text COLLATE "C" NOT NULL,
    digest  bytea       NOT NULL,
    bytes   bigint      NOT NULL,
    arrived timestamptz NOT NULL,
    arrival bigint      NOT NULL,
    facts   bytea       NOT NULL,
    state   text COLLATE "C" NOT NULL DEFAULT 'held',   -- held, taken, discarded
    decided timestamptz,
    actor   text COLLATE "C",
    receipt text COLLATE "C",
    PRIMARY KEY (number, shard),
    UNIQUE (sender, digest, shard)
);
CREATE INDEX exchange_dicom_held_digest ON exchange_dicom_held (digest);
CREATE INDEX exchange_dicom_held_state ON exchange_dicom_held (state, number);

-- Application entity titles that may call, each for a sender; ``address``: from there alone, empty: from anywhere.
CREATE TABLE exchange_dicom_title (
    title   text COLLATE "C" PRIMARY KEY,
    sender  text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL DEFAULT ''
);
"""


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.RunSQL(
            TABLES,
            "DROP TABLE exchange_dicom_study, exchange_dicom_series, exchange_dicom_instance, exchange_dicom_due,"
            " exchange_dicom_former, exchange_dicom_arrival, exchange_dicom_held, exchange_dicom_title",
        )
    ]
