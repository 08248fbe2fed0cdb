"""Code systems, value sets and maps.

A system, a value set or a map is loaded whole and never altered: what is loaded again replaces it under a new
number. ``origin`` says where it came from (``content``, ``package:…``, ``file``, ``record:CodeSystem/id``). Rows of
concepts are keyed by the number of their system, by which they can be distributed.
"""

from django.db import migrations

TABLES = """
CREATE TABLE terminology_stamp (value bigint NOT NULL);
INSERT INTO terminology_stamp VALUES (0);

CREATE TABLE terminology_digest (
    origin   text COLLATE "C" PRIMARY KEY,
    digest   text NOT NULL
);

CREATE TABLE terminology_system (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url       text COLLATE "C" NOT NULL,
    version   text COLLATE "C" NOT NULL,
    origin    text COLLATE "C" NOT NULL,
    oids      text[]   NOT NULL,
    effective date,
    until     date,
    content   text     NOT NULL,
    hierarchy text     NOT NULL,
    case_sensitive boolean NOT NULL,
    concepts  integer  NOT NULL,
    about     jsonb    NOT NULL,
    loaded    timestamptz NOT NULL DEFAULT statement_timestamp(),
    UNIQUE (url, version, origin)
);
CREATE INDEX terminology_system_oid ON terminology_system USING gin (oids);
CREATE INDEX terminology_system_origin ON terminology_system (origin);

CREATE TABLE terminology_concept (
    system    integer  NOT NULL,
    place     integer  NOT NULL,
    code      text COLLATE "C" NOT NULL,
    display   text     NOT NULL,
    inactive  boolean  NOT NULL,
    abstract  boolean  NOT NULL,
    more      jsonb,
    PRIMARY KEY (system, place)
);
CREATE UNIQUE INDEX terminology_concept_code ON terminology_concept (system, code);
CREATE INDEX terminology_concept_folded ON terminology_concept (system, lower(code));

CREATE TABLE terminology_closure (
    system    integer  NOT NULL,
    above     integer  NOT NULL,
    below     integer  NOT NULL,
    distance  smallint NOT NULL,
    PRIMARY KEY (system, above, below)
);
CREATE INDEX terminology_closure_below ON terminology_closure (system, below, above, distance);

CREATE TABLE terminology_property (
    system    integer  NOT NULL,
    name      text COLLATE "C" NOT NULL,
    value     text COLLATE "C" NOT NULL,
    concept   integer  NOT NULL
);
CREATE INDEX terminology_property_value ON terminology_property (system, name, left(value, 200), concept);

CREATE TABLE terminology_key (
    system    integer  NOT NULL,
    concept   integer  NOT NULL,
    weight    smallint NOT NULL,
    text      text COLLATE "C",
    initials  text COLLATE "C",
    spelt     text COLLATE "C"
);
CREATE INDEX terminology_key_text ON terminology_key (system, text, weight, concept) WHERE text IS NOT NULL;
CREATE INDEX terminology_key_initials ON terminology_key (system, initials, weight, concept) WHERE initials IS NOT NULL;

CREATE INDEX terminology_key_spelt ON terminology_key (system, spelt, weight, concept) WHERE spelt IS NOT NULL;

CREATE TABLE terminology_valueset (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url       text COLLATE "C" NOT NULL,
    version   text COLLATE "C" NOT NULL,
    origin    text COLLATE "C" NOT NULL,
    effective date,
    until     date,
    about     jsonb    NOT NULL,
    compose   jsonb    NOT NULL,
    loaded    timestamptz NOT NULL DEFAULT statement_timestamp(),
    UNIQUE (url, version, origin)
);
CREATE INDEX terminology_valueset_origin ON terminology_valueset (origin);

CREATE TABLE terminology_expansion (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text COLLATE "C" NOT NULL UNIQUE,
    uses      text[]   NOT NULL,
    about     jsonb    NOT NULL,
    total     integer  NOT NULL,
    made      timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE TABLE terminology_member (
    expansion integer  NOT NULL,
    place     integer  NOT NULL,
    system    integer  NOT NULL,
    concept   integer  NOT NULL,
    url       text COLLATE "C" NOT NULL,
    code      text COLLATE "C" NOT NULL,
    display   text,
    PRIMARY KEY (expansion, place)
);
CREATE UNIQUE INDEX terminology_member_code ON terminology_member (expansion, url, code, system);
CREATE INDEX terminology_member_concept ON terminology_member (expansion, system, concept, place);

CREATE TABLE terminology_map (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url       text COLLATE "C" NOT NULL,
    version   text COLLATE "C" NOT NULL,
    origin    text COLLATE "C" NOT NULL,
    effective date,
    until     date,
    source    text COLLATE "C" NOT NULL,
    target    text COLLATE "C" NOT NULL,
    mappings  integer  NOT NULL,
    about     jsonb    NOT NULL,
    loaded    timestamptz NOT NULL DEFAULT statement_timestamp(),
    UNIQUE (url, version, origin)
);
CREATE INDEX terminology_map_origin ON terminology_map (origin);
CREATE TABLE terminology_mapping (
    map         integer NOT NULL,
    place       integer NOT NULL,
    source_url  text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    target_url  text COLLATE "C" NOT NULL,
    target      text COLLATE "C",
    equivalence text NOT NULL,
    more        jsonb,
    PRIMARY KEY (map, place)
);
CREATE INDEX terminology_mapping_source ON terminology_mapping (source, source_url, map);
CREATE INDEX terminology_mapping_target ON terminology_mapping (target, target_url, map);

CREATE TABLE terminology_table (
    name      text COLLATE "C" PRIMARY KEY,
    version   integer NOT NULL
);
CREATE TABLE terminology_table_concept (
    name      text COLLATE "C" NOT NULL,
    url       text COLLATE "C" NOT NULL,
    code      text COLLATE "C" NOT NULL,
    version   integer NOT NULL,
    PRIMARY KEY (name, url, code)
);
CREATE TABLE terminology_table_entry (
    name      text COLLATE "C" NOT NULL,
    version   integer NOT NULL,
    url       text COLLATE "C" NOT NULL,
    below     text COLLATE "C" NOT NULL,
    above     text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, url, below, above)
);
"""

DROP = """
DROP TABLE terminology_table_entry, terminology_table_concept, terminology_table, terminology_mapping, terminology_map,
           terminology_member, terminology_expansion, terminology_valueset, terminology_key, terminology_property,
           terminology_closure, terminology_concept, terminology_system, terminology_digest, terminology_stamp;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
