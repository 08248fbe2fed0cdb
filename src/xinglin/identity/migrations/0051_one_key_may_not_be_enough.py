"""Candidates share a telling key, a rare one, or two: see ``xinglin.identity.blocking``."""

from importlib import import_module

from django.db import migrations

FIRST = import_module("xinglin.identity.migrations.0001_persons").FUNCTIONS

# As before (see the first migration), with a step between: the keys that each Patient shares are counted before anything
# of the Patient is fetched, so most strangers cost an entry of an index and no row.
FUNCTION = """
DROP FUNCTION identity_candidates;
--
CREATE FUNCTION identity_candidates(gate integer, locks integer[], places integer[], keys bigint[], telling boolean[],
                                    own_places integer[], own bigint[], most integer, rare integer, deep integer)
RETURNS TABLE (place integer[], person bigint, home smallint, number bigint, shard smallint, id text,
               source bigint, held smallint, traits bytea)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    IF gate = 1 THEN
        PERFORM pg_advisory_xact_lock_shared(5786656);
        PERFORM pg_advisory_xact_lock(5786657, wanted) FROM unnest(locks) wanted;
    ELSIF gate = 2 THEN
        PERFORM pg_advisory_xact_lock(5786656);
    END IF;
    RETURN QUERY
    WITH shared AS (
        SELECT asked.place AS at, one.patient, one.home
        FROM unnest(places, keys, telling) asked(place, key, tells)
        CROSS JOIN LATERAL (
            SELECT array_agg(few.patient) AS patients, array_agg(few.home) AS homes, count(*) AS many
            FROM (SELECT k.patient, k.home FROM identity_key k WHERE k.key = asked.key LIMIT most + 1) few
            HAVING count(*) <= most
        ) found
        CROSS JOIN LATERAL unnest(found.patients, found.homes) one(patient, home)
        GROUP BY asked.place, one.patient, one.home
        HAVING count(*) > 1 OR bool_or(asked.tells OR found.many <= rare)
    ), hit AS (
        SELECT shared.at, p.person AS whose
        FROM shared
        CROSS JOIN LATERAL (
            SELECT linked.person FROM identity_patient linked
            WHERE linked.number = shared.patient AND linked.shard = shared.home
        ) p
        UNION
        SELECT owned.place, owned.whose FROM unnest(own_places, own) owned(place, whose)
    ), whole AS (SELECT array_agg(hit.at) AS at, hit.whose FROM hit GROUP BY hit.whose)
    SELECT whole.at, member.person, member.home, member.number, member.shard, member.id, member.source,
           member.held, member.traits
    FROM whole
    CROSS JOIN LATERAL (
        SELECT m.* FROM identity_patient m WHERE m.person = whole.whose ORDER BY m.number LIMIT deep
    ) member;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0050_the_population_register")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION identity_candidates;" + FIRST)]
