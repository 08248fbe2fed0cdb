"""A small ward. The key of every table begins with the institution, by which they can be distributed.

The database keeps it that nobody has two open stays, no bed two people, and no day, bed or order is charged twice.
"""

from django.db import migrations

TABLES = """
ALTER TABLE clinic_item DROP CONSTRAINT IF EXISTS clinic_item_kind_check;
ALTER TABLE clinic_item ADD CONSTRAINT clinic_item_kind_check
    CHECK (kind IN ('herb', 'patent', 'technique', 'fee', 'ward'));
ALTER TABLE clinic_movement DROP CONSTRAINT IF EXISTS clinic_movement_kind_check;
ALTER TABLE clinic_movement ADD CONSTRAINT clinic_movement_kind_check
    CHECK (kind IN ('purchase', 'mixing', 'count', 'loss', 'return', 'ward'));

CREATE TABLE clinic_bed (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    room        text    NOT NULL,
    number      text    NOT NULL,
    kind        text    NOT NULL,               -- the bed's class, in words
    item        bigint  NOT NULL,               -- what a day in it costs
    state       text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, number),
    FOREIGN KEY (institution, item) REFERENCES clinic_item,
    CHECK (state IN ('ready', 'cleaning', 'closed'))
);
CREATE TABLE clinic_level (
    institution text COLLATE "C" NOT NULL,
    level       text    NOT NULL,               -- of nursing
    item        bigint  NOT NULL,               -- what a day of it costs
    PRIMARY KEY (institution, level),
    FOREIGN KEY (institution, item) REFERENCES clinic_item
);
CREATE TABLE clinic_stay (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    number      integer NOT NULL,
    patient     text COLLATE "C" NOT NULL,      -- id of the clinic's own Patient
    name        text    NOT NULL,               -- sealed
    sex         text    NOT NULL,
    birth       text    NOT NULL,
    entrance    text    NOT NULL,
    reason      text    NOT NULL,               -- sealed
    doctor      text    NOT NULL,
    doctor_name text    NOT NULL,
    admitted    timestamptz NOT NULL,
    discharged  timestamptz,
    exit        text    NOT NULL,
    settled     timestamptz,
    actor       text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, number),
    CHECK (discharged IS NULL OR discharged >= admitted),
    CHECK (settled IS NULL OR discharged IS NOT NULL)
);
CREATE UNIQUE INDEX clinic_stay_open ON clinic_stay (institution, patient) WHERE discharged IS NULL;
CREATE INDEX clinic_stay_unsettled ON clinic_stay (institution, id) WHERE settled IS NULL;
CREATE TABLE clinic_lying (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    bed         bigint  NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay,
    FOREIGN KEY (institution, bed) REFERENCES clinic_bed,
    CHECK (until IS NULL OR until >= since)
);
CREATE UNIQUE INDEX clinic_lying_bed ON clinic_lying (institution, bed) WHERE until IS NULL;
CREATE UNIQUE INDEX clinic_lying_stay ON clinic_lying (institution, stay) WHERE until IS NULL;
CREATE INDEX clinic_lying_of ON clinic_lying (institution, stay, id);
CREATE TABLE clinic_care (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    since       timestamptz NOT NULL,
    level       text    NOT NULL,
    severity    text    NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay
);
CREATE INDEX clinic_care_stay ON clinic_care (institution, stay, id);
CREATE TABLE clinic_stay_visit (
    institution text COLLATE "C" NOT NULL,
    visit       bigint  NOT NULL,
    stay        bigint  NOT NULL,
    since       timestamptz NOT NULL,           -- what the visit costs from then on belongs to the stay
    PRIMARY KEY (institution, visit),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit,
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay
);
CREATE INDEX clinic_stay_visit_stay ON clinic_stay_visit (institution, stay);

CREATE TABLE clinic_order (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    standing    boolean NOT NULL,
    item        bigint,                         -- of the price list; none for words alone
    kind        text    NOT NULL,               -- that of the item, or 'words'
    body        text    NOT NULL,               -- JSON of name and note, sealed
    amount      bigint  NOT NULL CHECK (amount > 0),   -- thousandths, each time
    frequency   text    NOT NULL,
    state       text    NOT NULL,
    made        timestamptz NOT NULL,
    author      text    NOT NULL,
    author_name text    NOT NULL,
    checked     timestamptz,
    checker_name text   NOT NULL,
    ended       timestamptz,
    ender_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay,
    FOREIGN KEY (institution, item) REFERENCES clinic_item,
    CHECK (state IN ('signed', 'checked', 'done', 'stopped')),
    CHECK (standing = (frequency <> ''))
);
CREATE INDEX clinic_order_stay ON clinic_order (institution, stay, id);
CREATE TABLE clinic_execution (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    ordered     bigint  NOT NULL,
    slot        text    NOT NULL,               -- 'once', or the day and which time of it
    note        text    NOT NULL,               -- sealed
    moment      timestamptz NOT NULL,
    mistaken    timestamptz,                    -- it was not done after all
    reason      text    NOT NULL DEFAULT '',
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, ordered) REFERENCES clinic_order
);
CREATE UNIQUE INDEX clinic_execution_slot ON clinic_execution (institution, ordered, slot) WHERE mistaken IS NULL;
CREATE INDEX clinic_execution_order ON clinic_execution (institution, ordered, id);
CREATE TABLE clinic_line (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    day         date    NOT NULL,
    source      text    NOT NULL,               -- 'bed', 'nursing', or the execution
    kind        text    NOT NULL,
    item        bigint  NOT NULL,
    name        text    NOT NULL,
    amount      bigint  NOT NULL CHECK (amount > 0),
    fen         bigint  NOT NULL CHECK (fen >= 0),
    payment     bigint,
    withdrawn   timestamptz,
    reason      text    NOT NULL DEFAULT '',    -- why it was withdrawn, and by whom
    withdrawer  text    NOT NULL DEFAULT '',
    made        timestamptz NOT NULL,
    actor       text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, stay, day, source),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay,
    FOREIGN KEY (institution, item) REFERENCES clinic_item,
    FOREIGN KEY (institution, payment) REFERENCES clinic_payment,
    CHECK (withdrawn IS NULL OR payment IS NULL)
);
CREATE TABLE clinic_stay_payment (
    institution text COLLATE "C" NOT NULL,
    payment     bigint  NOT NULL,
    stay        bigint  NOT NULL,
    PRIMARY KEY (institution, payment),
    FOREIGN KEY (institution, payment) REFERENCES clinic_payment,
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay
);
CREATE INDEX clinic_stay_payment_stay ON clinic_stay_payment (institution, stay);

CREATE TABLE clinic_document (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    kind        text    NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    body        text    NOT NULL,               -- JSON of texts and diagnoses, sealed
    version     integer NOT NULL,
    made        timestamptz NOT NULL,
    author      text    NOT NULL,
    author_name text    NOT NULL,
    first_signed timestamptz,                   -- when it was in time, or not
    signed      timestamptz,
    signer      text    NOT NULL,
    signer_name text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, stay, kind, number),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay
);
CREATE TABLE clinic_sign (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    stay        bigint  NOT NULL,
    moment      timestamptz NOT NULL,
    body        text    NOT NULL,               -- JSON of what was measured, sealed
    mistaken    timestamptz,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, stay) REFERENCES clinic_stay
);
CREATE UNIQUE INDEX clinic_sign_moment ON clinic_sign (institution, stay, moment) WHERE mistaken IS NULL;
"""

KEPT = """
CREATE FUNCTION clinic_lined() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.payment IS NULL OR OLD.payment = NEW.payment)
       AND (OLD.withdrawn IS NULL OR OLD.withdrawn = NEW.withdrawn) THEN
        IF OLD.withdrawn IS NULL AND NEW.withdrawn IS NOT NULL THEN
            OLD.reason := NEW.reason; OLD.withdrawer := NEW.withdrawer;
        END IF;
        OLD.payment := NEW.payment; OLD.withdrawn := NEW.withdrawn;
        IF OLD IS NOT DISTINCT FROM NEW THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'clinic_line is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER clinic_line_kept BEFORE UPDATE OR DELETE ON clinic_line
    FOR EACH ROW EXECUTE FUNCTION clinic_lined();
CREATE TRIGGER clinic_care_kept BEFORE UPDATE OR DELETE ON clinic_care
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();
CREATE TRIGGER clinic_stay_payment_kept BEFORE UPDATE OR DELETE ON clinic_stay_payment
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();
CREATE TRIGGER clinic_execution_kept
    BEFORE UPDATE OF institution, id, ordered, slot, moment, actor, actor_name OR DELETE ON clinic_execution
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();  -- the note may be sealed anew
CREATE TRIGGER clinic_sign_kept
    BEFORE UPDATE OF institution, id, stay, moment, actor, actor_name OR DELETE ON clinic_sign
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();  -- as above; and what is mistaken is marked
"""

DROP = """
DROP TABLE clinic_sign, clinic_document, clinic_stay_payment, clinic_line, clinic_execution, clinic_order,
    clinic_stay_visit, clinic_care, clinic_lying, clinic_stay, clinic_level, clinic_bed;
DROP FUNCTION clinic_lined;
"""


class Migration(migrations.Migration):
    dependencies = [("clinic", "0002_medicines_and_nursing")]
    operations = [migrations.RunSQL(TABLES + KEPT, DROP)]
