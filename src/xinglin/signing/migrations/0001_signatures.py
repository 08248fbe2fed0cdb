"""Authorities, credentials, and which version of what was signed."""

from django.db import migrations

TABLES = """
CREATE TABLE signing_authority (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text  NOT NULL,
    certificate bytea NOT NULL UNIQUE,       -- DER
    secret      text  NOT NULL,              -- PKCS#8, sealed; empty where the authority is somebody else
    list        bytea,                       -- of revoked certificates, DER
    added       timestamptz NOT NULL
);
CREATE TABLE signing_credential (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    authority    bigint NOT NULL REFERENCES signing_authority,
    account      text  NOT NULL,             -- who signs with it
    practitioner text  NOT NULL,             -- id in the record, or empty
    organization text  NOT NULL,             -- id in the record, or empty
    certificate  bytea NOT NULL UNIQUE,      -- DER
    secret       text  NOT NULL,             -- PKCS#8, sealed
    added        timestamptz NOT NULL,
    revoked      timestamptz,
    reason       text  NOT NULL DEFAULT '',
    CHECK ((revoked IS NULL) = (reason = ''))
);
CREATE UNIQUE INDEX signing_credential_current ON signing_credential (account) WHERE revoked IS NULL;
CREATE TABLE signing_signature (
    id         bigint   NOT NULL,            -- a version number of kernel.ids: that of the Provenance
    shard      smallint NOT NULL,            -- of what was signed
    type       text COLLATE "C" NOT NULL,
    resource   text COLLATE "C" NOT NULL,
    version    integer  NOT NULL,
    provenance text COLLATE "C" NOT NULL,
    account    text     NOT NULL,
    role       text     NOT NULL,
    moment     timestamptz NOT NULL,
    PRIMARY KEY (id, shard)
);
CREATE UNIQUE INDEX signing_signature_once
    ON signing_signature (type, resource, version, account, role, shard);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(TABLES, "DROP TABLE signing_signature, signing_credential, signing_authority")
    ]
