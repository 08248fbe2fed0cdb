"""The tables of the master person index.

As in the record, every unique constraint of a big table contains ``shard``. A Patient's row lives in the shard
of the Patient, a key's in a shard of its own, an event's in that of its person.
"""

from django.db import migrations

TABLES = """
-- One row for each living Patient of the record: to whom it belongs, and what tells who it is.
CREATE TABLE identity_patient (
    number   bigint   NOT NULL,            -- of the Patient, as in record_resource.self
    person   bigint   NOT NULL,
    source   bigint   NOT NULL,            -- hash of the institution that keeps it, 0 if it does not say
    shard    smallint NOT NULL,
    home     smallint NOT NULL,            -- the shard of the person
    held     smallint NOT NULL,            -- how many standing acts of people say that it belongs to the person
    active   boolean  NOT NULL,
    id       text COLLATE "C" NOT NULL,
    keys     bigint[] NOT NULL,            -- its rows of identity_key
    traits   bytea    NOT NULL,
    PRIMARY KEY (number, shard)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE identity_patient ALTER traits SET STORAGE MAIN;
CREATE INDEX identity_patient_person ON identity_patient (person, number);

-- Blocking keys: which Patients are worth a look.
CREATE TABLE identity_key (
    key      bigint   NOT NULL,
    patient  bigint   NOT NULL,
    shard    smallint NOT NULL,            -- of the key
    home     smallint NOT NULL             -- of the Patient
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX identity_key_key ON identity_key (key) INCLUDE (patient, home);

-- What was done to links, in order; the other tables are the result of these rows.
CREATE TABLE identity_event (
    number   bigint   NOT NULL,            -- ordered by time, like version numbers
    person   bigint   NOT NULL,
    shard    smallint NOT NULL,            -- of the person
    bits     real,                         -- the evidence, where a score was the reason
    kind     text COLLATE "C" NOT NULL,
    patient  text COLLATE "C",
    other    text COLLATE "C",             -- another person: the one merged, left, or related to
    actor    text     NOT NULL,
    weights  text,                         -- the version of the weights, where the matcher decided
    reason   text     NOT NULL DEFAULT '',
    detail   jsonb,
    PRIMARY KEY (number, shard)
);
CREATE INDEX identity_event_person ON identity_event (person, number);
CREATE INDEX identity_event_other ON identity_event (other, number) WHERE other IS NOT NULL;

-- Persons that are now another: merged, or left empty by the last of their Patients.
CREATE TABLE identity_merged (
    person   bigint   NOT NULL,
    shard    smallint NOT NULL,
    survivor bigint   NOT NULL,            -- may itself be merged
    home     smallint NOT NULL,            -- the survivor's shard
    event    bigint   NOT NULL,
    PRIMARY KEY (person, shard)
);
CREATE INDEX identity_merged_survivor ON identity_merged (survivor);

-- What people have said of two Patients, once for each side.
CREATE TABLE identity_constraint (
    patient  bigint   NOT NULL,
    other    bigint   NOT NULL,
    shard    smallint NOT NULL,            -- of the Patient
    same     boolean  NOT NULL,            -- must-link, or must-not-link
    id       text COLLATE "C" NOT NULL,
    other_id text COLLATE "C" NOT NULL,
    event    bigint   NOT NULL,
    PRIMARY KEY (patient, other, shard)
);

-- Who is whose child: a newborn that has no name yet is tied to its mother.
CREATE TABLE identity_relation (
    patient  bigint   NOT NULL,            -- the child's
    shard    smallint NOT NULL,
    kind     text     NOT NULL,
    id       text COLLATE "C" NOT NULL,
    other    text COLLATE "C" NOT NULL,    -- a Patient of the mother's
    bits     real,
    PRIMARY KEY (patient, kind, shard)
);
CREATE INDEX identity_relation_other ON identity_relation (other);

CREATE TABLE identity_review (
    number    bigint   NOT NULL,
    shard     smallint NOT NULL,
    kind      text     NOT NULL,
    state     text     NOT NULL DEFAULT 'open',
    priority  smallint NOT NULL,
    second    boolean  NOT NULL DEFAULT false,  -- a second person has to agree
    persons   text[] COLLATE "C" NOT NULL,      -- first the one it is about
    patient   text COLLATE "C",                 -- whose arrival or change opened it
    bits      real,
    weights   text,
    findings  text[]   NOT NULL,
    detail    jsonb,
    opener    text     NOT NULL,
    holder    text,                             -- who looks at it, and how long it is kept for them
    until     timestamptz,
    later     timestamptz,                      -- not shown before
    skipped   smallint NOT NULL DEFAULT 0,
    verdict   text,
    survivor  text COLLATE "C",
    reason    text     NOT NULL DEFAULT '',
    note      text     NOT NULL DEFAULT '',
    decider   text,
    decided   timestamptz,
    confirmer text,
    confirmed timestamptz,
    effects   bigint[] NOT NULL DEFAULT '{}',   -- events that the verdict made
    PRIMARY KEY (number, shard),
    CHECK (state IN ('open', 'decided', 'done', 'settled'))
);
CREATE INDEX identity_review_waiting ON identity_review (state, priority DESC, number)
    WHERE state IN ('open', 'decided');
CREATE INDEX identity_review_persons ON identity_review USING gin (persons);
CREATE INDEX identity_review_decided ON identity_review (decided) WHERE decided IS NOT NULL;

-- How often a surname, a given name, a phone, an address occurs: only those that are common. Small.
CREATE TABLE identity_term (
    kind     text     NOT NULL,
    value    text     NOT NULL,
    count    integer  NOT NULL,
    PRIMARY KEY (kind, value)
);

-- A re-matching of everything, and what it would change.
CREATE TABLE identity_run (
    id       text PRIMARY KEY,
    weights  text     NOT NULL,
    state    text     NOT NULL DEFAULT 'matching',
    reached  bigint   NOT NULL,                 -- Patients up to this number have been looked at
    total    bigint   NOT NULL,
    done     bigint   NOT NULL DEFAULT 0,
    actor    text     NOT NULL,
    made     timestamptz NOT NULL,
    moment   timestamptz NOT NULL,
    CHECK (state IN ('matching', 'matched', 'applying', 'applied', 'dropped'))
);
CREATE TABLE identity_proposal (
    run      text     NOT NULL,
    number   bigint   NOT NULL,                 -- of the Patient
    person   bigint   NOT NULL,                 -- to whom it would belong
    was      bigint   NOT NULL,                 -- to whom it belonged when it was looked at
    bits     real,
    shard    smallint NOT NULL,
    home     smallint NOT NULL,
    outcome  text     NOT NULL,                 -- kept, moved
    review   jsonb,                             -- what people would be asked
    PRIMARY KEY (run, number, shard)
);
CREATE INDEX identity_proposal_person ON identity_proposal (run, person, number);
CREATE INDEX identity_proposal_changed ON identity_proposal (run, number)
    WHERE outcome <> 'kept' OR review IS NOT NULL;

-- Who is told of links that change, and what has yet to be told.
CREATE TABLE identity_subscriber (
    id       text COLLATE "C" PRIMARY KEY,      -- of the Subscription
    endpoint text     NOT NULL,
    headers  text[]   NOT NULL,
    ends     timestamptz,
    failing  text     NOT NULL DEFAULT ''
);
CREATE TABLE identity_notice (
    number     bigint   NOT NULL,
    shard      smallint NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    event      jsonb    NOT NULL,
    tries      smallint NOT NULL DEFAULT 0,
    due        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscriber, number, shard)
);
"""

# One round trip from keys to everything that scoring needs. The locks are those of ``store``: 0x584C20 is the gate,
# 0x584C21 the space of keys. Each statement in the function sees what was committed when it began: so the search
# sees what was written by those for whom the locks have waited. The settings keep the plan to indexes whatever the
# statistics say at the moment: a table that is being filled is planned for when it was small.
FUNCTIONS = """
--
-- ``gate``: 0 only looks; 1 locks the keys (``locks``) first, 2 locks everybody else out.
CREATE FUNCTION identity_candidates(gate integer, locks integer[], places integer[], keys bigint[],
                                    own_places integer[], own bigint[], most integer, deep integer)
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
    WITH hit AS (
        SELECT asked.place AS at, p.person AS whose
        FROM unnest(places, keys) asked(place, key)
        CROSS JOIN LATERAL (
            SELECT array_agg(few.patient) AS patients, array_agg(few.home) AS homes
            FROM (SELECT k.patient, k.home FROM identity_key k WHERE k.key = asked.key LIMIT most + 1) few
            HAVING count(*) <= most
        ) found
        CROSS JOIN LATERAL unnest(found.patients, found.homes) one(patient, home)
        CROSS JOIN LATERAL (
            SELECT linked.person FROM identity_patient linked
            WHERE linked.number = one.patient AND linked.shard = one.home
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

DROP = """
DROP FUNCTION identity_candidates;
DROP TABLE identity_notice, identity_subscriber, identity_proposal, identity_run, identity_term, identity_review,
           identity_relation, identity_constraint, identity_merged, identity_event, identity_key, identity_patient;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("record", "0003_indexes_are_built_later")]
    operations = [migrations.RunSQL(TABLES + FUNCTIONS, DROP)]
