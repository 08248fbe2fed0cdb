"""Authorities that are trusted for time stamps."""

from django.db import migrations

TABLES = """
CREATE TABLE signing_clock (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text  NOT NULL,
    certificate bytea NOT NULL UNIQUE,       -- DER; keys of every kind
    authority   bigint REFERENCES signing_authority,  -- that issued it, where its key is here
    secret      text  NOT NULL,              -- PKCS#8, sealed; empty where it is somebody else's
    added       timestamptz NOT NULL,
    CHECK ((authority IS NULL) = (secret = ''))
);
CREATE UNIQUE INDEX signing_clock_own ON signing_clock ((true)) WHERE secret <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("signing", "0001_signatures")]
    operations = [migrations.RunSQL(TABLES, "DROP TABLE signing_clock")]
