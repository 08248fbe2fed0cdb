"""The workbench's own tables. A book has at most some tens of thousands of lines; all its rows carry its number."""

from django.db import migrations

TABLES = """
CREATE TABLE mapping_book (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title       text    NOT NULL,
    institution text    NOT NULL,
    kind        text    NOT NULL,
    source      text COLLATE "C" NOT NULL,
    target      text COLLATE "C" NOT NULL,
    made        timestamptz NOT NULL,
    maker       text    NOT NULL,
    resource    text,
    version     integer NOT NULL DEFAULT 0,
    published   timestamptz,
    publisher   text    NOT NULL DEFAULT '',
    ranked      integer,
    UNIQUE (source, target)
);

CREATE TABLE mapping_line (
    book        integer NOT NULL,
    id          integer NOT NULL,
    code        text COLLATE "C" NOT NULL,
    name        text    NOT NULL,
    folded      text COLLATE "C" NOT NULL,
    unit        text    NOT NULL,
    count       bigint  NOT NULL,
    beside      jsonb   NOT NULL DEFAULT '{}',
    state       text    NOT NULL DEFAULT 'open',
    target      text COLLATE "C",
    display     text    NOT NULL DEFAULT '',
    equivalence text    NOT NULL DEFAULT '',
    comment     text    NOT NULL DEFAULT '',
    doubts      text[]  NOT NULL DEFAULT '{}',
    decider     text    NOT NULL DEFAULT '',
    decider_name text   NOT NULL DEFAULT '',
    decided     timestamptz,
    looker      text    NOT NULL DEFAULT '',
    looker_name text    NOT NULL DEFAULT '',
    candidates  jsonb   NOT NULL DEFAULT '[]',
    score       real    NOT NULL DEFAULT 0,
    margin      real    NOT NULL DEFAULT 0,
    PRIMARY KEY (book, id),
    UNIQUE (book, code)
);
CREATE INDEX mapping_line_folded ON mapping_line (folded, book) WHERE state = 'mapped';
CREATE INDEX mapping_line_volume ON mapping_line (book, state, count DESC, id);

CREATE TABLE mapping_event (
    book        integer NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    batch       bigint  NOT NULL,
    line        integer NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    action      text    NOT NULL,
    before      jsonb   NOT NULL,
    undone      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (book, id)
);
CREATE INDEX mapping_event_batch ON mapping_event (book, batch);
CREATE SEQUENCE mapping_batch;
"""

DROP = """
DROP TABLE mapping_event, mapping_line, mapping_book;
DROP SEQUENCE mapping_batch;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES, DROP)]
