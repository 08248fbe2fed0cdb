"""Which heading of an institution's files is which column of a set. Small: a row for each set that somebody has mapped."""

from django.db import migrations

TABLES = """
CREATE TABLE exchange_tables_headings (
    sender   text COLLATE "C" NOT NULL,
    dataset  text COLLATE "C" NOT NULL,
    said     jsonb NOT NULL,
    changed  timestamptz NOT NULL,
    actor    text NOT NULL,
    PRIMARY KEY (sender, dataset)
);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, "DROP TABLE exchange_tables_headings;")]
