"""Invitations to see the own record or to act for oneself, and how much an authority allows."""

from django.db import migrations

TABLES = """
ALTER TABLE residents_authority ADD COLUMN scope text NOT NULL DEFAULT 'act' CHECK (scope IN ('see', 'act'));

CREATE TABLE residents_invitation (
    id            bigint      NOT NULL,
    shard         smallint    NOT NULL,          -- of the Patient
    patient       text COLLATE "C" NOT NULL,     -- who invites
    account       bigint      NOT NULL,          -- the same person's
    relation      text        NOT NULL,          -- what the invited is to this person
    scope         text        NOT NULL CHECK (scope IN ('see', 'act')),
    last_day      date        NOT NULL,          -- of the authority
    token         text COLLATE "C" NOT NULL,     -- keyed hash
    pin           text COLLATE "C" NOT NULL,     -- keyed hash
    made          timestamptz NOT NULL,
    expires       timestamptz NOT NULL CHECK (expires > made),
    failures      integer     NOT NULL DEFAULT 0,
    ended         timestamptz,                   -- accepted, or taken back
    authority     bigint,                        -- what came of it
    PRIMARY KEY (id, shard)
);
CREATE UNIQUE INDEX residents_invitation_token ON residents_invitation (token, shard);
CREATE INDEX residents_invitation_patient ON residents_invitation (patient, made);
"""

GONE = "DROP TABLE residents_invitation; ALTER TABLE residents_authority DROP COLUMN scope"


class Migration(migrations.Migration):
    dependencies = [("residents", "0002_reminders_shares_and_read_messages")]
    operations = [migrations.RunSQL(TABLES, GONE)]
