"""Cards, what happened to them, how they were used, and who may show another's.

Every unique constraint of a card's tables contains ``shard`` (that of the person), so that they can be distributed
by it. What happened and how a card was used is only ever added to: the database refuses everything else.
"""

from django.db import migrations

TABLES = """
CREATE TABLE healthcard_card (
    id            bigint   NOT NULL,             -- a version number of kernel.ids
    shard         smallint NOT NULL,             -- of the person
    person        text COLLATE "C" NOT NULL,
    number        text COLLATE "C" NOT NULL,     -- 64 hexadecimal digits, a keyed digest
    kind          text NOT NULL,
    state         text NOT NULL,
    institution   text NOT NULL,                 -- id of the Organization that issued it, or empty
    institution_name text NOT NULL,
    name          text NOT NULL,                 -- sealed
    document_kind text NOT NULL,                 -- CV02.01.101, or empty for none
    document      text NOT NULL,                 -- sealed, or empty for none
    document_hash text COLLATE "C" NOT NULL,     -- keyed, or empty for none
    requested     timestamptz NOT NULL,
    activated     timestamptz,
    ended         timestamptz,
    changed       timestamptz NOT NULL,
    replaces      bigint,
    PRIMARY KEY (id, shard),
    CHECK (number ~ '^[0-9a-f]{64}$'),
    CHECK (kind IN ('virtual', 'physical')),
    CHECK (state IN ('requested', 'active', 'frozen', 'replaced', 'cancelled', 'superseded')),
    CHECK ((ended IS NULL) = (state IN ('requested', 'active', 'frozen'))),
    CHECK (state = 'requested' OR activated IS NOT NULL OR ended IS NOT NULL)
);
CREATE UNIQUE INDEX healthcard_card_number ON healthcard_card (number, shard);
CREATE UNIQUE INDEX healthcard_card_living ON healthcard_card (person, kind, shard)
    WHERE state IN ('requested', 'active', 'frozen');
CREATE INDEX healthcard_card_person ON healthcard_card (person, id);
CREATE INDEX healthcard_card_document ON healthcard_card (document_hash) WHERE document_hash <> '';
CREATE INDEX healthcard_card_state ON healthcard_card (state, id);
CREATE INDEX healthcard_card_institution ON healthcard_card (institution, id);
CREATE INDEX healthcard_card_counts ON healthcard_card (institution, state);
CREATE INDEX healthcard_card_first ON healthcard_card (left(number, 4));
CREATE INDEX healthcard_card_last ON healthcard_card (right(number, 4));

CREATE TABLE healthcard_event (
    id            bigint   NOT NULL,
    card          bigint   NOT NULL,
    shard         smallint NOT NULL,
    moment        timestamptz NOT NULL,
    before        text,
    after         text NOT NULL,
    reason        text NOT NULL,
    note          text NOT NULL,
    actor         text NOT NULL,
    actor_name    text NOT NULL,
    institution   text NOT NULL,
    PRIMARY KEY (id, shard)
);
CREATE INDEX healthcard_event_card ON healthcard_event (card, id);

CREATE TABLE healthcard_use (
    id            bigint   NOT NULL,
    shard         smallint NOT NULL,
    moment        timestamptz NOT NULL,
    scanned       timestamptz NOT NULL,          -- earlier than moment where the counter had no network
    card          bigint,                        -- null where the code did not lead to one
    person        text COLLATE "C",
    institution   text NOT NULL,
    counter       text NOT NULL,
    operation     text NOT NULL,                 -- what the counter does: registration, dispensing …
    actor         text NOT NULL,
    actor_name    text NOT NULL,
    purpose       text NOT NULL,
    way           text NOT NULL,
    outcome       text NOT NULL,
    why           text NOT NULL,                 -- empty where it was accepted
    PRIMARY KEY (id, shard),
    CHECK (outcome IN ('accepted', 'refused')),
    CHECK ((outcome = 'accepted') = (why = ''))
);
CREATE INDEX healthcard_use_card ON healthcard_use (card, id) WHERE card IS NOT NULL;
CREATE INDEX healthcard_use_refused ON healthcard_use (id) WHERE outcome = 'refused';
CREATE INDEX healthcard_use_institution ON healthcard_use (institution, id);
CREATE INDEX healthcard_use_actor ON healthcard_use (actor, id);

-- Codes that were used, until they could not be used any more anyhow.
CREATE TABLE healthcard_spent (
    card          bigint   NOT NULL,
    shard         smallint NOT NULL,             -- of the card's own number: it never changes
    nonce         bytea    NOT NULL,
    actor         text     NOT NULL,
    request       text     NOT NULL,             -- the counter's own number for what it does, or empty
    expires       timestamptz NOT NULL,
    PRIMARY KEY (card, nonce, shard)
);
CREATE INDEX healthcard_spent_expires ON healthcard_spent (expires);

CREATE TABLE healthcard_binding (
    id            bigint   NOT NULL,
    shard         smallint NOT NULL,             -- of the holder
    holder        text COLLATE "C" NOT NULL,
    carer         text COLLATE "C" NOT NULL,
    relation      text NOT NULL,
    evidence      text NOT NULL,
    reference     text NOT NULL,                 -- sealed: the number of the evidence, or where its copy is
    consent       boolean NOT NULL,
    starts        date NOT NULL,
    ends          date,
    made          timestamptz NOT NULL,
    actor         text NOT NULL,
    actor_name    text NOT NULL,
    institution   text NOT NULL,
    revoked       timestamptz,
    revoked_actor text,
    revoked_name  text,
    revoked_note  text,
    holder_number bigint NOT NULL,
    carer_number  bigint NOT NULL,
    PRIMARY KEY (id, shard),
    CHECK (holder <> carer),
    CHECK (ends IS NULL OR ends >= starts),
    CHECK ((revoked IS NULL) = (revoked_actor IS NULL)),
    CONSTRAINT healthcard_binding_once EXCLUDE USING gist (
        int4range(shard, shard, '[]') WITH &&,
        int8range(holder_number, holder_number, '[]') WITH &&,
        int8range(carer_number, carer_number, '[]') WITH &&,
        daterange(starts, ends, '[]') WITH &&
    ) WHERE (revoked IS NULL)
);
CREATE INDEX healthcard_binding_holder ON healthcard_binding (holder);
CREATE INDEX healthcard_binding_carer ON healthcard_binding (carer);

CREATE FUNCTION healthcard_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER healthcard_event_kept BEFORE UPDATE OR DELETE ON healthcard_event
    FOR EACH ROW EXECUTE FUNCTION healthcard_kept();
CREATE TRIGGER healthcard_use_kept BEFORE UPDATE OR DELETE ON healthcard_use
    FOR EACH ROW EXECUTE FUNCTION healthcard_kept();
"""

DROP = """
DROP TABLE healthcard_binding, healthcard_spent, healthcard_use, healthcard_event, healthcard_card;
DROP FUNCTION healthcard_kept;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
