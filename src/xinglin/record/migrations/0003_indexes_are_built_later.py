"""Which added search parameters are built for what was stored before them, and how far upkeep has come."""

from django.db import migrations

TABLES = """
CREATE TABLE record_indexed (
    type     smallint NOT NULL,
    url      text     NOT NULL,
    vid      bigint   NOT NULL,            -- of the version of the SearchParameter that is built
    PRIMARY KEY (type, url)
);

CREATE TABLE record_upkeep (
    name     text PRIMARY KEY,
    reached  bigint NOT NULL
);
"""

DROP = "DROP TABLE record_upkeep, record_indexed;"


class Migration(migrations.Migration):
    dependencies = [("record", "0002_bulk_work_is_remembered")]
    operations = [migrations.RunSQL(TABLES, DROP)]
