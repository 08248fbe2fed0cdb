"""The tables of the whole-population register.

Rows about a person carry the person's shard, which every unique constraint of theirs contains. Divisions, counts and
serials are small: every node of a cluster has them whole.
"""

from django.db import migrations

TABLES = """
-- small: administrative divisions as the record's Locations name them, by their twelve digits
CREATE TABLE identity_division (
    code     text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[0-9]{12}$'),
    level    smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
    name     text NOT NULL,
    location text NOT NULL
);

-- small: how many people an office of statistics or the police counts in a division; the denominators of rates
CREATE TABLE identity_count (
    division   text COLLATE "C" NOT NULL,
    year       smallint NOT NULL,
    registered integer CHECK (registered >= 0),
    permanent  integer CHECK (permanent >= 0),
    floating   integer CHECK (floating >= 0),
    source     text NOT NULL,
    confidence text NOT NULL,
    actor      text NOT NULL,
    moment     timestamptz NOT NULL,
    PRIMARY KEY (division, year)
);

-- one row a person: what the register says today
CREATE TABLE identity_resident (
    number     bigint   NOT NULL,
    shard      smallint NOT NULL,
    person     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    sex        text     NOT NULL,
    birth      date,
    dead       boolean  NOT NULL,
    died       date,
    ethnicity  text     NOT NULL,
    registered text COLLATE "C",
    present    text COLLATE "C",
    address    text     NOT NULL,
    door       text     NOT NULL,      -- what of the address is left below the division: names one dwelling, or empty
    standing   text     NOT NULL,
    stated     boolean  NOT NULL,      -- people have said where this person lives; the record's Patients no longer do
    patients   smallint NOT NULL,
    moment     timestamptz NOT NULL,
    PRIMARY KEY (number, shard)
);
CREATE INDEX identity_resident_place ON identity_resident (present, name, number);
CREATE INDEX identity_resident_home ON identity_resident (registered, standing);
CREATE INDEX identity_resident_birth ON identity_resident (birth);
CREATE INDEX identity_resident_death ON identity_resident (died) WHERE dead;
CREATE INDEX identity_resident_door ON identity_resident (present, door) WHERE door <> '' AND NOT dead;

-- where a person lived, and since when
CREATE TABLE identity_residence (
    number     bigint   NOT NULL,
    shard      smallint NOT NULL,
    since      date     NOT NULL,
    until      date     CHECK (until > since),
    registered text COLLATE "C",
    present    text COLLATE "C",
    address    text     NOT NULL,
    standing   text     NOT NULL,
    source     text     NOT NULL,
    PRIMARY KEY (number, since, shard)
);
CREATE UNIQUE INDEX identity_residence_open ON identity_residence (number, shard) WHERE until IS NULL;

CREATE TABLE identity_household (
    number     bigint   NOT NULL,
    shard      smallint NOT NULL,
    household  text COLLATE "C" NOT NULL,
    record     text COLLATE "C" NOT NULL,   -- 12 digits of the division, a hyphen, 5 of the household
    division   text COLLATE "C" NOT NULL,
    address    text     NOT NULL,
    door       text     NOT NULL,
    source     text     NOT NULL,           -- inferred | stated
    made       timestamptz NOT NULL,
    closed     timestamptz,
    PRIMARY KEY (number, shard)
);
CREATE INDEX identity_household_place ON identity_household (division, record);

CREATE TABLE identity_member (
    number     bigint   NOT NULL,
    shard      smallint NOT NULL,           -- of the person
    person     text COLLATE "C" NOT NULL,
    household  text COLLATE "C" NOT NULL,
    relation   text COLLATE "C" NOT NULL,   -- to the head: GB/T 4761
    since      date     NOT NULL,
    until      date     CHECK (until >= since),
    evidence   text     NOT NULL,
    PRIMARY KEY (number, household, since, shard)
);
CREATE UNIQUE INDEX identity_member_open ON identity_member (number, shard) WHERE until IS NULL;
CREATE INDEX identity_member_household ON identity_member (household);

-- the next serial of a village's archives ('archive') and households ('household'); one short lock a number
CREATE TABLE identity_serial (
    kind     text NOT NULL,
    division text COLLATE "C" NOT NULL,
    last     integer NOT NULL,
    PRIMARY KEY (kind, division)
);

CREATE TABLE identity_archive (
    number      bigint   NOT NULL,          -- of the person
    shard       smallint NOT NULL,
    archive     text COLLATE "C" NOT NULL CHECK (archive ~ '^[0-9]{17}$'),
    person      text COLLATE "C" NOT NULL,
    state       text     NOT NULL CHECK (state IN ('open', 'closed')),
    reason      text     CHECK ((reason IS NULL) = (state = 'open')),
    review      text     NOT NULL,
    institution text     NOT NULL,
    keeper      text     NOT NULL,          -- the institution's name
    doctor      text     NOT NULL,
    division    text COLLATE "C" NOT NULL,  -- which manages it today; the number keeps the one that filed it
    filed       date     NOT NULL,
    closed      date,
    successor   text COLLATE "C",           -- the archive that goes on, for one that was merged
    version     integer  NOT NULL,
    PRIMARY KEY (number, archive, shard)
);
CREATE UNIQUE INDEX identity_archive_open ON identity_archive (number, shard) WHERE state = 'open';
CREATE INDEX identity_archive_number ON identity_archive (archive);
CREATE INDEX identity_archive_place ON identity_archive (division, state);

-- what was done to residents, households and archives, by whom and why: only ever added to
CREATE TABLE identity_register_event (
    vid      bigint   NOT NULL,
    shard    smallint NOT NULL,
    number   bigint   NOT NULL,
    person   text COLLATE "C" NOT NULL,     -- empty where it concerns a household as a whole
    subject  text COLLATE "C" NOT NULL,     -- archive/NUMBER, household/ID or residence/PERSON
    kind     text     NOT NULL,
    reason   text     NOT NULL,
    note     text     NOT NULL,
    detail   jsonb    NOT NULL,
    actor    text     NOT NULL,
    name     text     NOT NULL,
    moment   timestamptz NOT NULL,
    PRIMARY KEY (vid, shard)
);
CREATE INDEX identity_register_event_subject ON identity_register_event (subject, vid);
CREATE INDEX identity_register_event_number ON identity_register_event (number, vid);
"""

DROPPED = "".join(
    f"DROP TABLE identity_{name};"
    for name in (
        "register_event", "archive", "serial", "member", "household", "residence", "resident", "count", "division",
    )
)


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_persons")]
    operations = [migrations.RunSQL(TABLES, DROPPED)]
