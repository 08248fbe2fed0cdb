"""What the search for abnormal use remembers, and the alerts it opened. All of these are small beside the log."""

from django.db import migrations

TABLES = """
-- How far the log has been looked through.
CREATE TABLE audit_reached (
    name     text PRIMARY KEY,
    place    bigint NOT NULL DEFAULT 0,
    moment   timestamptz NOT NULL
);

-- What somebody did in an hour. Counted anew while the hour lasts.
CREATE TABLE audit_hour (
    hour        timestamptz NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    institution text,
    permitted   integer NOT NULL,
    refused     integer NOT NULL,
    patients    integer NOT NULL,            -- different residents, of what was permitted
    emergencies integer NOT NULL,            -- different residents, glass broken
    exports     integer NOT NULL,
    PRIMARY KEY (hour, actor)
);
CREATE INDEX audit_hour_actor ON audit_hour (actor, hour);

-- The same, of an institution's people together ('' for those of none): what the board and the days add up.
CREATE TABLE audit_total (
    hour        timestamptz NOT NULL,
    institution text COLLATE "C" NOT NULL,
    permitted   bigint NOT NULL,
    refused     bigint NOT NULL,
    patients    bigint NOT NULL,
    emergencies bigint NOT NULL,
    exports     bigint NOT NULL,
    PRIMARY KEY (hour, institution)
);

-- From where somebody has worked so far.
CREATE TABLE audit_origin (
    actor    text COLLATE "C" NOT NULL,
    address  text NOT NULL,
    device   text NOT NULL,
    first    timestamptz NOT NULL,
    latest   timestamptz NOT NULL,
    PRIMARY KEY (actor, address, device)
);

-- Which Patient an account's own person is, where it has been stated.
CREATE TABLE audit_own (
    actor    text COLLATE "C" PRIMARY KEY,
    patient  text COLLATE "C" NOT NULL,
    stater   text NOT NULL,
    moment   timestamptz NOT NULL
);

CREATE TABLE audit_alert (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule     text COLLATE "C" NOT NULL,      -- or 'complaint'
    version  text NOT NULL,                  -- of the rules
    level    text NOT NULL CHECK (level IN ('low', 'medium', 'high')),
    actor    text COLLATE "C" NOT NULL,      -- '' where it is about several
    institution text,                        -- of the actor
    patient  bigint NOT NULL,                -- 0 where it is about several
    bucket   timestamptz NOT NULL,           -- the hour or day that it is about
    found    timestamptz NOT NULL,
    latest   timestamptz NOT NULL,           -- when the last line was added
    count    integer NOT NULL,
    usual    double precision,
    words    text NOT NULL DEFAULT '',       -- of a complaint
    state    text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'explained', 'confirmed')),
    decided_count integer,
    UNIQUE (rule, actor, patient, bucket)
);
CREATE INDEX audit_alert_state ON audit_alert (state, number);
CREATE INDEX audit_alert_actor ON audit_alert (actor, number);
CREATE INDEX audit_alert_patient ON audit_alert (patient) WHERE patient <> 0;

-- The lines that an alert rests on, by their places in the log.
CREATE TABLE audit_basis (
    alert    bigint NOT NULL REFERENCES audit_alert ON DELETE CASCADE,
    place    bigint NOT NULL,
    PRIMARY KEY (alert, place)
);
CREATE INDEX audit_basis_place ON audit_basis (place);

-- What was done with an alert: append only.
CREATE TABLE audit_step (
    alert    bigint NOT NULL REFERENCES audit_alert ON DELETE CASCADE,
    number   bigint GENERATED ALWAYS AS IDENTITY,
    moment   timestamptz NOT NULL,
    actor    text NOT NULL,
    name     text NOT NULL,
    state    text NOT NULL,
    reason   text NOT NULL,
    PRIMARY KEY (alert, number)
);
"""

DROP = """
DROP TABLE audit_step, audit_basis, audit_alert, audit_own, audit_origin, audit_total, audit_hour, audit_reached;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("record", "0005_the_access_log_is_kept_by_months")]
    operations = [migrations.RunSQL(TABLES, DROP)]
