"""Flat rows, what the rules found in them, and the loop from a finding to its cure.

Every unique constraint of a flat table contains ``shard``. No column holds a name, a telephone, an address or a
number of somebody: what rules need of those is judged when a row is made, and only the verdict is kept.
"""

from django.db import migrations

_HEAD = """
    self        bigint   NOT NULL,              -- of the resource, as in record_resource
    vid         bigint   NOT NULL,              -- the version that the row was made of
    person      bigint,                         -- self of the Patient
    encounter   bigint,                         -- self of the Encounter
    institution bigint   NOT NULL DEFAULT 0,    -- of quality_unit, 0 where it is not known
    department  bigint   NOT NULL DEFAULT 0,    -- of quality_unit or quality_word
    event       timestamptz,                    -- when it happened
    received    timestamptz NOT NULL,           -- when it came here first
    part        smallint NOT NULL,              -- components of one resource are rows of their own
    shard       smallint NOT NULL,
    dataset     smallint NOT NULL,              -- number of data/words-1.toml
    week        smallint NOT NULL,              -- of the event, counted from Monday 1970-01-05
    receipt     text COLLATE "C",               -- of the message it came in
"""


def flat(name: str, columns: str) -> str:
    return f"""
CREATE TABLE quality_{name} ({_HEAD}{columns}
    PRIMARY KEY (self, part, shard)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
"""


FLAT = {
    "person": """
    birth       date,
    death       timestamptz,
    sex         smallint,                       -- 1 male, 2 female, 9 other
    dead        boolean NOT NULL,
    active      boolean NOT NULL,
    birth_default boolean NOT NULL,             -- the first of January
    id_filled   boolean NOT NULL,
    id_proven   boolean,                        -- its check digit is right; null for none, or one without
    id_birth    boolean,                        -- the birth date in it is the birth date
    id_sex      boolean,                        -- the sex in it is the sex
    id_division boolean,                        -- it begins with a division that there is
    name_filled boolean NOT NULL,
    name_plain  boolean,                        -- no digits, no placeholder
    phone_filled boolean NOT NULL,
    phone_shaped boolean,
    address_filled boolean NOT NULL,
""",
    "encounter": """
    finish      timestamptz,
    practitioner bigint,
    diagnoses   smallint NOT NULL,
    reason_filled boolean NOT NULL,
    disposition_filled boolean NOT NULL,
    class       text COLLATE "C",
    status      text COLLATE "C",
""",
    "condition": """
    onset       timestamptz,
    abated      timestamptz,
    recorded    timestamptz,
    practitioner bigint,
    code        text COLLATE "C",
    system      text COLLATE "C",
    syndrome    text COLLATE "C",               -- of a diagnosis of Chinese medicine
""",
    "observation": """
    issued      timestamptz,
    practitioner bigint,
    value       double precision,
    low         double precision,
    high        double precision,
    said_length smallint NOT NULL,
    satisfied   boolean,                        -- what a follow-up judged, where it did
    value_code  text COLLATE "C",
    code        text COLLATE "C",
    system      text COLLATE "C",
    unit        text COLLATE "C",
    category    text COLLATE "C",
    status      text COLLATE "C",
""",
    "medication": """
    practitioner bigint,
    reason      bigint,                         -- self of the Condition
    dose        double precision,
    days        double precision,
    quantity    double precision,
    frequency   smallint,
    herbs       smallint NOT NULL,
    herbs_undosed smallint NOT NULL,            -- ingredients without grams above zero
    herbal      boolean NOT NULL,
    incompatible boolean,                       -- holds a pair that the classics forbid
    method_filled boolean NOT NULL,
    route_filled boolean NOT NULL,
    code        text COLLATE "C",
    system      text COLLATE "C",
    dose_unit   text COLLATE "C",
    status      text COLLATE "C",
""",
    "report": """
    issued      timestamptz,
    practitioner bigint,
    request     bigint,                         -- self of the ServiceRequest
    results     smallint NOT NULL,
    conclusion_length smallint NOT NULL,
    form_filled boolean NOT NULL,
    performer_filled boolean NOT NULL,
    code        text COLLATE "C",
    system      text COLLATE "C",
    category    text COLLATE "C",
    status      text COLLATE "C",
""",
    "immunisation": """
    practitioner bigint,
    dose        smallint,
    lot_filled  boolean NOT NULL,
    site_filled boolean NOT NULL,
    code        text COLLATE "C",
    system      text COLLATE "C",
    status      text COLLATE "C",
""",
    "document": """
    practitioner bigint,
    length      integer NOT NULL,
    code        text COLLATE "C",
    status      text COLLATE "C",
""",
    "procedure": """
    practitioner bigint,
    reason      bigint,
    code        text COLLATE "C",
    system      text COLLATE "C",
    status      text COLLATE "C",
""",
    "order": """
    practitioner bigint,
    code        text COLLATE "C",
    system      text COLLATE "C",
    category    text COLLATE "C",
    status      text COLLATE "C",
""",
    "allergy": """
    practitioner bigint,
    code        text COLLATE "C",
    system      text COLLATE "C",
    coded       boolean NOT NULL,
""",
    "declared": """
    declared    integer NOT NULL,               -- how many the institution says it made that day
    teller      text NOT NULL,
""",
}

INDEXES = """
CREATE INDEX quality_encounter_person ON quality_encounter (person, event);

-- Institutions and their departments, as far as they are Organizations.
CREATE TABLE quality_unit (
    number      bigint   NOT NULL,              -- self of the Organization
    shard       smallint NOT NULL,
    parent      bigint   NOT NULL DEFAULT 0,
    id          text COLLATE "C" NOT NULL,
    name        text     NOT NULL DEFAULT '',
    since       timestamptz,                    -- when it began to send: what happened earlier is not late
    PRIMARY KEY (number, shard)
);

-- Departments that are words alone.
CREATE TABLE quality_word (
    number      bigint   NOT NULL,
    shard       smallint NOT NULL,
    word        text     NOT NULL,
    PRIMARY KEY (number, shard)
);

-- How far the access log has been read.
CREATE TABLE quality_reached (
    name        text PRIMARY KEY,
    place       bigint NOT NULL
);

-- Who has looked at whose record: from which institution, how often, when last.
CREATE TABLE quality_view (
    person      bigint   NOT NULL,
    institution bigint   NOT NULL,
    shard       smallint NOT NULL,
    views       integer  NOT NULL,
    last        timestamptz NOT NULL,
    PRIMARY KEY (person, institution, shard)
);
"""

LOOP = """
-- Versions of rules that were made here; what is shipped is version 0 and stands in the files.
CREATE TABLE quality_rule (
    id          text COLLATE "C" NOT NULL,
    version     integer NOT NULL,
    state       text NOT NULL CHECK (state IN ('draft', 'force', 'withdrawn')),
    body        jsonb NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text NOT NULL,
    name        text NOT NULL,
    words       text NOT NULL DEFAULT '',
    PRIMARY KEY (id, version)
);

CREATE TABLE quality_run (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started     timestamptz NOT NULL,
    finished    timestamptz,
    rules       integer NOT NULL DEFAULT 0,
    checked     bigint NOT NULL DEFAULT 0,
    failed      bigint NOT NULL DEFAULT 0,
    opened      bigint NOT NULL DEFAULT 0,
    fixed       bigint NOT NULL DEFAULT 0,
    actor       text NOT NULL
);

-- What the last run counted. Replaced by each run, so without a key.
CREATE TABLE quality_count (
    rule        text COLLATE "C" NOT NULL,
    institution bigint   NOT NULL,
    department  bigint   NOT NULL,
    dataset     smallint NOT NULL,
    week        smallint NOT NULL,
    checked     bigint   NOT NULL,
    failed      bigint   NOT NULL
);
CREATE INDEX quality_count_rule ON quality_count (institution, rule);

-- The same without departments: what the board adds up.
CREATE TABLE quality_week (
    week        smallint NOT NULL,
    rule        text COLLATE "C" NOT NULL,
    institution bigint   NOT NULL,
    dataset     smallint NOT NULL,
    checked     bigint   NOT NULL,
    failed      bigint   NOT NULL
);
CREATE INDEX quality_week_week ON quality_week (week);

CREATE TABLE quality_finding (
    self        bigint   NOT NULL,
    institution bigint   NOT NULL,
    department  bigint   NOT NULL,
    found       timestamptz NOT NULL,
    fixed       timestamptz,
    problem     bigint,
    part        smallint NOT NULL,
    shard       smallint NOT NULL,
    dataset     smallint NOT NULL,
    week        smallint NOT NULL,
    state       smallint NOT NULL DEFAULT 0,    -- 0 open, 1 fixed, 2 excused
    rule        text COLLATE "C" NOT NULL,
    receipt     text COLLATE "C",
    PRIMARY KEY (self, part, rule, shard)
);
CREATE INDEX quality_finding_rule ON quality_finding (rule, institution, state);
CREATE INDEX quality_finding_problem ON quality_finding (problem) WHERE problem IS NOT NULL;

CREATE TABLE quality_problem (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text COLLATE "C" NOT NULL,
    institution bigint NOT NULL,
    state       text NOT NULL,
    severity    text NOT NULL,
    role        text NOT NULL,                  -- whose it is by the rule
    owner       text NOT NULL DEFAULT '',       -- an account
    owner_name  text NOT NULL DEFAULT '',
    opened      timestamptz NOT NULL,
    issued      timestamptz,
    due         date,
    declared    timestamptz,                    -- fixed, says the owner
    passed      timestamptz,                    -- fixed, says the machine
    look        date,                           -- when to look back
    closed      timestamptz,
    escalated   smallint NOT NULL DEFAULT 0,
    escalated_on date,
    at_first    bigint NOT NULL,                -- rows that failed when it was opened
    now         bigint NOT NULL,                -- rows that fail now
    checked     bigint NOT NULL
);
CREATE UNIQUE INDEX quality_problem_open ON quality_problem (rule, institution) WHERE state NOT IN ('closed', 'dismissed');
CREATE INDEX quality_problem_state ON quality_problem (state, due);

-- What was done about a problem: append only.
CREATE TABLE quality_step (
    problem     bigint NOT NULL REFERENCES quality_problem,
    number      bigint GENERATED ALWAYS AS IDENTITY,
    moment      timestamptz NOT NULL,
    actor       text NOT NULL,
    name        text NOT NULL,
    verb        text NOT NULL,
    state       text NOT NULL,
    words       text NOT NULL,
    PRIMARY KEY (problem, number)
);

-- Rows that are looked at again after a problem was cured.
CREATE TABLE quality_sample (
    problem     bigint NOT NULL REFERENCES quality_problem,
    self        bigint NOT NULL,
    part        smallint NOT NULL,
    shard       smallint NOT NULL,
    rule        text COLLATE "C" NOT NULL,
    stands      boolean,                        -- still right, says the machine
    verdict     text NOT NULL DEFAULT '',       -- good or bad, says who looked
    actor       text NOT NULL DEFAULT '',
    moment      timestamptz,
    PRIMARY KEY (problem, self, part, shard)
);

-- The boards of past months, as they were.
CREATE TABLE quality_month (
    month       date NOT NULL,
    institution bigint NOT NULL,                -- 0 is the region
    scores      jsonb NOT NULL,                 -- dimension → score
    score       double precision,
    grade       text NOT NULL,
    rank        integer,
    moment      timestamptz NOT NULL,
    PRIMARY KEY (month, institution)
);
"""

TABLES = "".join(flat(name, columns) for name, columns in FLAT.items()) + INDEXES + LOOP

DROP = "DROP TABLE quality_sample, quality_step, quality_problem, quality_finding, quality_week, quality_count, quality_run, quality_rule, quality_month, quality_view, quality_reached, quality_word, quality_unit, " + ", ".join(
    f"quality_{name}" for name in FLAT
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("record", "0008_what_is_stored_is_sealed"), ("identity", "0001_persons"), ("terminology", "0001_code_systems")]
    operations = [migrations.RunSQL(TABLES, DROP)]
