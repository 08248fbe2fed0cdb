"""Lines of the access log get places, by which others read on from where they were and name a line."""

from django.db import migrations

FORTH = """
CREATE SEQUENCE record_access_order;
ALTER TABLE record_access ADD place bigint NOT NULL DEFAULT nextval('record_access_order');
ALTER SEQUENCE record_access_order OWNED BY record_access.place;
CREATE INDEX record_access_place ON record_access (place);
"""

BACK = """
DROP INDEX record_access_place;
ALTER TABLE record_access DROP place;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0003_indexes_are_built_later")]
    operations = [migrations.RunSQL(FORTH, BACK)]
