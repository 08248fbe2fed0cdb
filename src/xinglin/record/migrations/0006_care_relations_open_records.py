"""Who cares for whom: what a policy asks when it decides who may see a row."""

from django.db import migrations

TABLES = """
-- ``source`` is the resource that says it (its number), 0 where a person has said it. ``institution`` is the id of an
-- Organization, ``actor`` that of whoever the relation is with or who has broken the glass; either may be empty.
CREATE TABLE record_relation (
    patient     bigint      NOT NULL,
    source      bigint      NOT NULL,
    institution text COLLATE "C" NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,
    reason      text        NOT NULL DEFAULT '',
    shard       smallint    NOT NULL
);
CREATE INDEX record_relation_patient ON record_relation (patient, institution, kind);
CREATE INDEX record_relation_source ON record_relation (source) WHERE source <> 0;

CREATE TABLE record_consortium (
    consortium  text COLLATE "C" NOT NULL,
    institution text COLLATE "C" NOT NULL,
    number      bigint      NOT NULL,            -- of the Organization, as in record_resource.self
    source      bigint      NOT NULL             -- the OrganizationAffiliation that says it
);
CREATE INDEX record_consortium_institution ON record_consortium (institution);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0005_the_access_log_is_kept_by_months")]
    operations = [migrations.RunSQL(TABLES, "DROP TABLE record_consortium, record_relation")]
