"""Which keys the database is written with: by their marks, so that a start without them is refused."""

from django.db import migrations

TABLES = """
CREATE TABLE record_seal (
    name     text COLLATE "C" NOT NULL,     -- of the ring
    version  integer NOT NULL,              -- of the key; 0: hashes for searching have no key
    mark     text    NOT NULL,
    moment   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0007_residents_decide")]
    operations = [migrations.RunSQL(TABLES, "DROP TABLE record_seal")]
