"""Who is whose account, who may act for whom and on what evidence, codes that were sent, kiosks that wait.

These stay small beside the record and on one node; numbers of accounts are those of ``accounts_account``.
"""

from django.db import migrations

TABLES = """
CREATE TABLE residents_registration (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint      NOT NULL,
    person        text COLLATE "C" NOT NULL,     -- of the index, when it was bound
    patient       text COLLATE "C" NOT NULL,     -- the Patient it is bound by; it decides
    phone         text        NOT NULL,          -- sealed, or empty
    phone_hash    text COLLATE "C" NOT NULL,     -- keyed, or empty
    level         text        NOT NULL CHECK (level IN ('phone', 'card', 'desk')),
    evidence      text        NOT NULL DEFAULT '',
    verified      timestamptz NOT NULL,
    verifier      text        NOT NULL,          -- the actor who verified it; the account itself
    verifier_name text        NOT NULL DEFAULT '',
    closed        timestamptz,
    closer        text        NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX residents_registration_account ON residents_registration (account) WHERE closed IS NULL;
CREATE UNIQUE INDEX residents_registration_person ON residents_registration (person) WHERE closed IS NULL;
CREATE UNIQUE INDEX residents_registration_phone ON residents_registration (phone_hash)
    WHERE closed IS NULL AND phone_hash <> '';
CREATE INDEX residents_registration_patient ON residents_registration (patient);

CREATE TABLE residents_authority (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint      NOT NULL,          -- who acts
    state         text        NOT NULL CHECK (state IN ('asked', 'given', 'refused', 'withdrawn')),
    relation      text        NOT NULL,          -- as in the health card's relations
    evidence      text        NOT NULL,
    name          text        NOT NULL,          -- of the other, as it was typed; sealed
    document      text        NOT NULL,          -- the same
    wanted        date,
    asked         timestamptz NOT NULL,
    person        text COLLATE "C" NOT NULL DEFAULT '',
    patient       text COLLATE "C" NOT NULL DEFAULT '',
    kind          text        NOT NULL DEFAULT '' CHECK (kind IN ('', 'guardian', 'mandate')),
    since         timestamptz,
    until         timestamptz,
    decided       timestamptz,
    decider       text        NOT NULL DEFAULT '',
    decider_name  text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',
    related       text COLLATE "C" NOT NULL DEFAULT '',  -- the RelatedPerson
    binding       bigint,                        -- of the health card
    withdrawn     timestamptz,
    withdrawer    text        NOT NULL DEFAULT '',
    CHECK ((state IN ('given', 'withdrawn')) <= (patient <> '' AND since IS NOT NULL)),
    CHECK ((state = 'withdrawn') = (withdrawn IS NOT NULL))
);
CREATE INDEX residents_authority_account ON residents_authority (account, id);
CREATE INDEX residents_authority_patient ON residents_authority (patient, id) WHERE patient <> '';
CREATE INDEX residents_authority_asked ON residents_authority (id) WHERE state = 'asked';

CREATE TABLE residents_evidence (
    authority     bigint      PRIMARY KEY REFERENCES residents_authority ON DELETE CASCADE,
    type          text        NOT NULL,
    size          integer     NOT NULL,
    version       integer     NOT NULL,          -- of the key
    sealed        bytea       NOT NULL
);

CREATE TABLE residents_code (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target        text COLLATE "C" NOT NULL,     -- keyed hash of the phone or card that it was asked for
    address       text COLLATE "C" NOT NULL,
    digest        text COLLATE "C" NOT NULL DEFAULT '',
    sent          timestamptz NOT NULL,
    expires       timestamptz NOT NULL,
    attempts      integer     NOT NULL DEFAULT 0,
    spent         timestamptz
);
CREATE INDEX residents_code_target ON residents_code (target, sent);
CREATE INDEX residents_code_address ON residents_code (address, sent);

CREATE TABLE residents_kiosk (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest        text COLLATE "C" NOT NULL UNIQUE,  -- of the number that it shows
    made          timestamptz NOT NULL,
    expires       timestamptz NOT NULL,
    account       bigint,                        -- whose session a clerk has opened
    opener        text        NOT NULL DEFAULT '',
    taken         timestamptz
);
"""
GONE = (
    "DROP TABLE residents_kiosk, residents_code, residents_evidence, residents_authority, residents_registration"
)


class Migration(migrations.Migration):
    dependencies = []

    operations = [migrations.RunSQL(TABLES, GONE)]
