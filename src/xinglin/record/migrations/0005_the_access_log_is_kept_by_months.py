"""The access log says from where somebody looked, and is kept by months, so that old months can go at once.

``record_access_month`` makes the part for a month (of UTC) and takes to it what has meanwhile come to the rest. It
holds the lock of the log's writers, so that no line is written past it.
"""

from django.db import migrations

FORTH = """
ALTER TABLE record_access RENAME TO record_access_former;
ALTER INDEX record_access_moment RENAME TO record_access_former_moment;
ALTER INDEX record_access_patient RENAME TO record_access_former_patient;
ALTER INDEX record_access_place RENAME TO record_access_former_place;

CREATE TABLE record_access (
    moment   timestamptz NOT NULL,
    actor    text     NOT NULL,
    purpose  text     NOT NULL,
    action   text     NOT NULL,
    outcome  text     NOT NULL,
    type     smallint,
    id       text,
    patient  bigint,
    query    text,
    place    bigint   NOT NULL DEFAULT nextval('record_access_order'),
    institution text,
    address  text,
    device   text
) PARTITION BY RANGE (moment);
CREATE TABLE record_access_rest PARTITION OF record_access DEFAULT;
CREATE INDEX record_access_place ON record_access (place);
CREATE INDEX record_access_moment ON record_access (moment, place);
CREATE INDEX record_access_patient ON record_access (patient, moment, place) WHERE patient IS NOT NULL;
CREATE INDEX record_access_actor ON record_access (actor, moment, place);
CREATE INDEX record_access_refused ON record_access (moment, place) WHERE outcome <> 'permit';

CREATE FUNCTION record_access_month(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    month text := to_char(day, 'YYYY_MM');
    first timestamptz := date_trunc('month', day::timestamp) AT TIME ZONE 'UTC';
    past  timestamptz := (date_trunc('month', day::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('record_access_' || month) IS NOT NULL THEN RETURN false; END IF;
    PERFORM pg_advisory_xact_lock(5786628);
    EXECUTE format('CREATE TABLE record_access_%s (LIKE record_access INCLUDING DEFAULTS)', month);
    EXECUTE format('WITH moved AS (DELETE FROM record_access_rest WHERE moment >= %L AND moment < %L RETURNING *)'
                   ' INSERT INTO record_access_%s SELECT * FROM moved', first, past, month);
    EXECUTE format('ALTER TABLE record_access ATTACH PARTITION record_access_%s FOR VALUES FROM (%L) TO (%L)',
                   month, first, past);
    RETURN true;
END $$;

SELECT record_access_month(day::date) FROM generate_series(
    (SELECT date_trunc('month', least(min(moment), now()) AT TIME ZONE 'UTC') FROM record_access_former),
    date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months', interval '1 month') day;
INSERT INTO record_access (moment, place, patient, type, actor, purpose, action, outcome, id, query)
    SELECT moment, place, patient, type, actor, purpose, action, outcome, id, query FROM record_access_former;
ALTER SEQUENCE record_access_order OWNED BY record_access.place;
DROP TABLE record_access_former;
"""

BACK = """
ALTER TABLE record_access RENAME TO record_access_months;
CREATE TABLE record_access_former (
    moment   timestamptz NOT NULL,
    actor    text     NOT NULL,
    purpose  text     NOT NULL,
    action   text     NOT NULL,
    outcome  text     NOT NULL,
    type     smallint,
    id       text,
    patient  bigint,
    query    text,
    place    bigint NOT NULL DEFAULT nextval('record_access_order')
);
INSERT INTO record_access_former
    SELECT moment, actor, purpose, action, outcome, type, id, patient, query, place FROM record_access_months;
ALTER SEQUENCE record_access_order OWNED BY record_access_former.place;
DROP TABLE record_access_months;
DROP FUNCTION record_access_month;
ALTER TABLE record_access_former RENAME TO record_access;
CREATE INDEX record_access_moment ON record_access USING brin (moment);
CREATE INDEX record_access_patient ON record_access (patient, moment) WHERE patient IS NOT NULL;
CREATE INDEX record_access_place ON record_access (place);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0004_access_lines_have_places")]
    operations = [migrations.RunSQL(FORTH, BACK)]
