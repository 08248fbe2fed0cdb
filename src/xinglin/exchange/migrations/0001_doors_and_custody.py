"""Who sends, the raw messages under their digests, what became of each, and what people did about them.

The unique constraints of the big tables contain ``shard``, which for a raw message is a function of its digest, and
which a message has in common with the raw message that it came as.
"""

from django.db import migrations

TABLES = """
CREATE TABLE exchange_sender (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text COLLATE "C" NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,15}$'),
    name         text NOT NULL CHECK (name <> ''),
    organization text NOT NULL DEFAULT '',
    doors        text[] NOT NULL DEFAULT '{}',
    charset      text NOT NULL DEFAULT '',
    profile      text NOT NULL DEFAULT '',
    application  text NOT NULL DEFAULT '',
    facility     text NOT NULL DEFAULT '',
    networks     text[] NOT NULL DEFAULT '{}',
    certificate  text NOT NULL DEFAULT '',
    key_digest   text,
    key_since    timestamptz,
    active       boolean NOT NULL DEFAULT true,
    made         timestamptz NOT NULL,
    changed      timestamptz NOT NULL
);
CREATE UNIQUE INDEX exchange_sender_key ON exchange_sender (key_digest);
CREATE UNIQUE INDEX exchange_sender_certificate ON exchange_sender (certificate) WHERE certificate <> '';
CREATE INDEX exchange_sender_names ON exchange_sender (application, facility) WHERE application || facility <> '';

CREATE TABLE exchange_sender_event (
    place   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender  integer NOT NULL REFERENCES exchange_sender,
    moment  timestamptz NOT NULL,
    what    text NOT NULL,
    actor   text NOT NULL,
    detail  text NOT NULL DEFAULT ''
);
CREATE INDEX exchange_sender_event_sender ON exchange_sender_event (sender, place DESC);

-- Raw messages: one Zstandard frame each, sealed. The digest has a key of the house, so that it tells nothing.
CREATE TABLE exchange_raw (
    digest  bytea NOT NULL CHECK (length(digest) = 32),
    shard   smallint NOT NULL,
    size    integer NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (digest, shard)
);
ALTER TABLE exchange_raw ALTER body SET STORAGE EXTERNAL;

-- One row a receipt. state: 0 received, 1 stored, 2 quarantined, 3 discarded. original is what was sent, digest what is
-- worked: the same, or the latest edit. lane is a hash of sender and patient: within one, order is kept.
CREATE TABLE exchange_message (
    number    bigint NOT NULL,
    shard     smallint NOT NULL,
    sender    integer NOT NULL REFERENCES exchange_sender,
    door      text NOT NULL,
    media     text NOT NULL,
    kind      text NOT NULL,
    control   text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    original  bytea NOT NULL,
    digest    bytea NOT NULL,
    size      integer NOT NULL,
    lane      integer NOT NULL,
    sent      timestamptz,
    received  timestamptz NOT NULL,
    worked    timestamptz,
    state     smallint NOT NULL CHECK (state BETWEEN 0 AND 3),
    edits     smallint NOT NULL DEFAULT 0,
    resources integer NOT NULL DEFAULT 0,
    codes     text[] NOT NULL DEFAULT '{}',
    reasons   bytea,
    PRIMARY KEY (number, shard)
);
CREATE INDEX exchange_message_lane ON exchange_message (lane, number);
CREATE INDEX exchange_message_original ON exchange_message (original, sender);
CREATE INDEX exchange_message_sender ON exchange_message (sender, number);
CREATE INDEX exchange_message_waiting ON exchange_message (number) WHERE state = 0;
CREATE INDEX exchange_message_quarantine ON exchange_message (number) WHERE state = 2;
CREATE INDEX exchange_message_control ON exchange_message (control, sender) WHERE control <> '';
CREATE INDEX exchange_message_key ON exchange_message (key, sender) WHERE key <> '';

-- What people did about a message: edited, replayed, discarded, returned. digest is what an edit made.
CREATE TABLE exchange_step (
    place   bigint GENERATED ALWAYS AS IDENTITY,
    number  bigint NOT NULL,
    shard   smallint NOT NULL,
    moment  timestamptz NOT NULL,
    what    text NOT NULL,
    actor   text NOT NULL,
    note    text NOT NULL DEFAULT '',
    digest  bytea,
    PRIMARY KEY (place, shard)
);
CREATE INDEX exchange_step_number ON exchange_step (number, place);

-- Minutes that are over, counted once: what the monitor draws.
CREATE TABLE exchange_minute (
    minute      timestamptz NOT NULL,
    sender      integer NOT NULL,
    door        text NOT NULL,
    messages    integer NOT NULL,
    quarantined integer NOT NULL,
    resources   bigint NOT NULL,
    bytes       bigint NOT NULL,
    work_ms     bigint NOT NULL,
    late_ms     bigint NOT NULL,
    dated       integer NOT NULL,
    PRIMARY KEY (minute, sender, door)
);
CREATE TABLE exchange_counted (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    until timestamptz NOT NULL
);
"""

NO_TABLES = """
DROP TABLE exchange_counted, exchange_minute, exchange_step, exchange_message, exchange_raw,
           exchange_sender_event, exchange_sender;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0008_what_is_stored_is_sealed")]

    operations = [migrations.RunSQL(TABLES, NO_TABLES)]
