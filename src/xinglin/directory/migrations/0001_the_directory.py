"""The directory's working tables. What they say follows from resources in the record (see ``handlers``).

They are reference tables: small beside the record, read from everywhere, copied whole to every node of a cluster.
So they need no shard column, and their constraints may be what they like.
"""

from django.db import migrations

TABLES = """
-- One row for every resource of the directory: what lists, the tree and the search show.
CREATE TABLE directory_entry (
    type        text COLLATE "C" NOT NULL,   -- of the resource
    id          text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,   -- institution department practitioner service place site bed equipment division
    name        text NOT NULL,
    institution text COLLATE "C",            -- id of the Organization that it belongs to in the end
    owner       text COLLATE "C",            -- Type/id of the Organization that it is said to be of
    parent      text COLLATE "C",            -- Type/id of what it is a part of
    category    text,                        -- class of institution, specialty, kind of service, place or equipment
    level       text,
    division    bigint,                      -- the twelve digits of where it is
    status      text NOT NULL,               -- active inactive suspended planned closed
    PRIMARY KEY (type, id)
);
CREATE INDEX directory_entry_parent ON directory_entry (parent, kind) WHERE parent IS NOT NULL;
CREATE INDEX directory_entry_owner ON directory_entry (owner, kind) WHERE owner IS NOT NULL;
CREATE INDEX directory_entry_institution ON directory_entry (institution, kind) WHERE institution IS NOT NULL;
CREATE INDEX directory_entry_division ON directory_entry (division, kind) WHERE division IS NOT NULL;
CREATE INDEX directory_entry_kind ON directory_entry (kind, name, id);

-- The codes by which entries are known. The same code of two entries is data's fault and is shown, not refused.
CREATE TABLE directory_code (
    type   text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,        -- a key of data/schemes.csv
    value  text COLLATE "C" NOT NULL,        -- capitals, no blanks or hyphens
    within text COLLATE "C" NOT NULL,        -- Organization/id for a code that only one institution gives, else empty
    sound  boolean NOT NULL,                 -- whether it passes its scheme's check
    PRIMARY KEY (type, id, scheme, value, within)
);
CREATE INDEX directory_code_value ON directory_code (value, scheme, within);

-- What one may type to find a name: characters, full pinyin, initials, from the start or from further on.
CREATE TABLE directory_key (
    type  text COLLATE "C" NOT NULL,
    id    text COLLATE "C" NOT NULL,
    place smallint NOT NULL,                 -- of the character where it begins; 0 for the whole name
    key   text COLLATE "C" NOT NULL
);
CREATE INDEX directory_key_key ON directory_key (key);
CREATE INDEX directory_key_entry ON directory_key (type, id);

-- What was part of what, and when the record said so: one parent at a time.
CREATE TABLE directory_belonging (
    self   bigint NOT NULL,                  -- the record's number of the child
    type   text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    period tstzrange NOT NULL,
    EXCLUDE USING gist (int8range(self, self, '[]') WITH &&, period WITH &&)
);
CREATE INDEX directory_belonging_parent ON directory_belonging (parent);

-- Who wrote which version of the directory's resources.
CREATE TABLE directory_author (
    type    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    actor   text NOT NULL,
    name    text NOT NULL,
    PRIMARY KEY (type, id, version)
);

CREATE TABLE directory_affiliation (
    id            text COLLATE "C" PRIMARY KEY,  -- of the OrganizationAffiliation
    organization  text COLLATE "C" NOT NULL,
    participating text COLLATE "C" NOT NULL,
    code          text NOT NULL,
    period        daterange NOT NULL,
    active        boolean NOT NULL
);
CREATE INDEX directory_affiliation_organization ON directory_affiliation (organization);
CREATE INDEX directory_affiliation_participating ON directory_affiliation (participating);

CREATE TABLE directory_registration (
    practitioner text COLLATE "C" NOT NULL,
    place        smallint NOT NULL,          -- in Practitioner.qualification
    kind         text COLLATE "C" NOT NULL,  -- a key of data/registration_kinds.csv, or empty
    label        text NOT NULL,
    number       text NOT NULL,
    issuer       text NOT NULL,
    period       daterange NOT NULL,
    PRIMARY KEY (practitioner, place)
);
CREATE INDEX directory_registration_end ON directory_registration (upper(period)) WHERE NOT upper_inf(period);

CREATE TABLE directory_role (
    id           text COLLATE "C" PRIMARY KEY,  -- of the PractitionerRole
    practitioner text COLLATE "C" NOT NULL,
    organization text COLLATE "C" NOT NULL,
    institution  text COLLATE "C",
    post         text NOT NULL,
    title        text NOT NULL,
    specialty    text NOT NULL,
    period       daterange NOT NULL,
    active       boolean NOT NULL
);
CREATE INDEX directory_role_practitioner ON directory_role (practitioner);
CREATE INDEX directory_role_organization ON directory_role (organization);
CREATE INDEX directory_role_institution ON directory_role (institution) WHERE institution IS NOT NULL;

-- The administrative tree: what a code meant, from one day to before another. No two meanings at once.
CREATE TABLE directory_division (
    code     bigint NOT NULL,                -- twelve digits
    level    smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
    name     text NOT NULL,
    parent   bigint CHECK (parent <> code),
    class    text NOT NULL,                  -- urban and rural class, or empty
    period   daterange NOT NULL CHECK (NOT isempty(period)),
    location text COLLATE "C" NOT NULL,      -- id of the Location that says so
    EXCLUDE USING gist (int8range(code, code, '[]') WITH &&, period WITH &&)
);
CREATE INDEX directory_division_parent ON directory_division (parent);
CREATE INDEX directory_division_location ON directory_division (location);
CREATE INDEX directory_division_code ON directory_division (code);

CREATE TABLE directory_succession (
    former   bigint NOT NULL,
    latter   bigint NOT NULL CHECK (latter <> former),
    day      date NOT NULL,
    kind     text COLLATE "C" NOT NULL,      -- merged split recoded
    location text COLLATE "C" NOT NULL,      -- id of the former's Location, which says so
    PRIMARY KEY (former, latter, day)
);
CREATE INDEX directory_succession_latter ON directory_succession (latter);
CREATE INDEX directory_succession_location ON directory_succession (location);
"""

DROP = """
DROP TABLE directory_succession, directory_division, directory_role, directory_registration, directory_affiliation,
           directory_author, directory_belonging, directory_key, directory_code, directory_entry;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
