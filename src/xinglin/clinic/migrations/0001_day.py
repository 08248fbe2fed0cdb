"""A clinic's day. The key of every table begins with the institution, by which they can be distributed.

Nothing of money and stock is deleted. Movements add up to what a batch has left, payments to what an account holds:
the database does it, and refuses what would go below nothing.
"""

from django.db import migrations

TABLES = """
CREATE TABLE clinic_item (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,               -- a version number of kernel.ids, as all ids here
    kind        text    NOT NULL,
    code        text    NOT NULL,               -- of the institution, or of the platform's herbs
    name        text    NOT NULL,
    initials    text    NOT NULL,
    unit        text    NOT NULL,
    per         integer NOT NULL,               -- a price is for so many units
    active      boolean NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, kind, name),
    CHECK (kind IN ('herb', 'patent', 'technique', 'fee')),
    CHECK (per > 0)
);
CREATE TABLE clinic_price (
    institution text COLLATE "C" NOT NULL,
    item        bigint  NOT NULL,
    since       date    NOT NULL,
    fen         integer NOT NULL CHECK (fen >= 0),
    actor       text    NOT NULL,
    PRIMARY KEY (institution, item, since),
    FOREIGN KEY (institution, item) REFERENCES clinic_item
);
CREATE TABLE clinic_batch (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    item        bigint  NOT NULL,
    number      text    NOT NULL,
    supplier    text    NOT NULL,
    expires     date    NOT NULL,
    cost        integer NOT NULL CHECK (cost >= 0),   -- fen for the whole batch
    received    timestamptz NOT NULL,
    remaining   bigint  NOT NULL DEFAULT 0 CHECK (remaining >= 0),  -- thousandths of the item's unit
    PRIMARY KEY (institution, id),
    UNIQUE (institution, item, number),
    FOREIGN KEY (institution, item) REFERENCES clinic_item
);
CREATE TABLE clinic_movement (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    batch       bigint  NOT NULL,
    kind        text    NOT NULL,
    amount      bigint  NOT NULL CHECK (amount <> 0),
    prescription bigint,
    note        text    NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, batch) REFERENCES clinic_batch,
    CHECK (kind IN ('purchase', 'mixing', 'count', 'loss', 'return')),
    CHECK (kind = 'count' OR (kind = 'purchase') = (amount > 0))
);
CREATE INDEX clinic_movement_batch ON clinic_movement (institution, batch, id);
CREATE INDEX clinic_movement_prescription ON clinic_movement (institution, prescription)
    WHERE prescription IS NOT NULL;

CREATE TABLE clinic_visit (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    day         date    NOT NULL,
    number      integer NOT NULL,
    patient     text COLLATE "C" NOT NULL,      -- id of the clinic's own Patient
    name        text    NOT NULL,               -- sealed
    sex         text    NOT NULL,
    birth       text    NOT NULL,
    state       text    NOT NULL,
    urgent      boolean NOT NULL,
    room        text    NOT NULL,
    doctor      text    NOT NULL,               -- id of the account
    doctor_name text    NOT NULL,
    registered  timestamptz NOT NULL,
    called      timestamptz,
    ended       timestamptz,
    actor       text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, day, number),
    CHECK (state IN ('waiting', 'called', 'seen', 'done', 'left'))
);
CREATE UNIQUE INDEX clinic_visit_open ON clinic_visit (institution, day, patient)
    WHERE state IN ('waiting', 'called', 'seen');
CREATE INDEX clinic_visit_patient ON clinic_visit (institution, patient, id);

CREATE TABLE clinic_note (
    institution text COLLATE "C" NOT NULL,
    visit       bigint  NOT NULL,
    body        text    NOT NULL,               -- JSON, sealed
    version     integer NOT NULL,
    signed      timestamptz,
    signer      text    NOT NULL,
    signer_name text    NOT NULL,
    PRIMARY KEY (institution, visit),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit
);
CREATE TABLE clinic_template (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    scope       text    NOT NULL,
    owner       text    NOT NULL,               -- account, department, or empty for the whole institution
    name        text    NOT NULL,
    body        text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, scope, owner, name),
    CHECK (scope IN ('own', 'department', 'institution'))
);
CREATE TABLE clinic_prescription (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    visit       bigint  NOT NULL,
    state       text    NOT NULL,
    doses       integer NOT NULL CHECK (doses > 0),
    body        text    NOT NULL,               -- JSON of lines and usage, sealed
    boiled      boolean NOT NULL,               -- the pharmacy decocts it
    author      text    NOT NULL,
    author_name text    NOT NULL,
    made        timestamptz NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit,
    CHECK (state IN ('draft', 'held', 'signed', 'paid', 'reviewed', 'mixed', 'checked', 'issued', 'void'))
);
CREATE INDEX clinic_prescription_visit ON clinic_prescription (institution, visit, id);
CREATE INDEX clinic_prescription_going ON clinic_prescription (institution, state, id)
    WHERE state NOT IN ('draft', 'issued', 'void');
CREATE TABLE clinic_step (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    prescription bigint NOT NULL,
    step        text    NOT NULL,
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, prescription) REFERENCES clinic_prescription
);
CREATE INDEX clinic_step_prescription ON clinic_step (institution, prescription, id);

CREATE TABLE clinic_plan (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    visit       bigint  NOT NULL,
    item        bigint  NOT NULL,
    sessions    integer NOT NULL CHECK (sessions BETWEEN 1 AND 100),
    body        text    NOT NULL,               -- JSON of points and words, sealed
    author      text    NOT NULL,
    author_name text    NOT NULL,
    made        timestamptz NOT NULL,
    stopped     timestamptz,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit,
    FOREIGN KEY (institution, item) REFERENCES clinic_item
);
CREATE TABLE clinic_session (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    plan        bigint  NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    note        text    NOT NULL,               -- sealed
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, plan, number),
    FOREIGN KEY (institution, plan) REFERENCES clinic_plan
);

CREATE TABLE clinic_close (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    number      integer NOT NULL,
    moment      timestamptz NOT NULL,
    counted     bigint  NOT NULL,               -- fen of cash in the drawer
    expected    bigint  NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, number)
);
CREATE TABLE clinic_payment (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    number      integer NOT NULL,               -- of the receipt
    kind        text    NOT NULL,
    way         text    NOT NULL,
    fen         bigint  NOT NULL CHECK (fen >= 0),
    patient     text COLLATE "C" NOT NULL,
    visit       bigint,
    refunds     bigint,                         -- the payment that is given back, in part or whole
    reason      text    NOT NULL,
    close       bigint,
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    UNIQUE (institution, number),
    FOREIGN KEY (institution, close) REFERENCES clinic_close,
    FOREIGN KEY (institution, refunds) REFERENCES clinic_payment,
    CHECK (kind IN ('pay', 'refund', 'deposit', 'withdrawal')),
    CHECK ((kind = 'refund') = (refunds IS NOT NULL)),
    CHECK (kind IN ('pay', 'refund') OR way <> 'account')
);
CREATE INDEX clinic_payment_open ON clinic_payment (institution, id) WHERE close IS NULL;
CREATE INDEX clinic_payment_close ON clinic_payment (institution, close) WHERE close IS NOT NULL;
CREATE TABLE clinic_account (
    institution text COLLATE "C" NOT NULL,
    patient     text COLLATE "C" NOT NULL,
    fen         bigint  NOT NULL CHECK (fen >= 0),
    PRIMARY KEY (institution, patient)
);
CREATE TABLE clinic_charge (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    visit       bigint  NOT NULL,
    item        bigint,
    name        text    NOT NULL,
    amount      bigint  NOT NULL CHECK (amount > 0),  -- thousandths
    fen         bigint  NOT NULL CHECK (fen >= 0),
    prescription bigint,
    plan        bigint,
    payment     bigint,
    refund      bigint,
    withdrawn   timestamptz,
    made        timestamptz NOT NULL,
    actor       text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit,
    FOREIGN KEY (institution, payment) REFERENCES clinic_payment,
    FOREIGN KEY (institution, refund) REFERENCES clinic_payment,
    CHECK (refund IS NULL OR payment IS NOT NULL),
    CHECK (withdrawn IS NULL OR payment IS NULL)
);
CREATE INDEX clinic_charge_visit ON clinic_charge (institution, visit, id);
CREATE INDEX clinic_charge_payment ON clinic_charge (institution, payment) WHERE payment IS NOT NULL;
CREATE INDEX clinic_charge_due ON clinic_charge (institution, visit) WHERE payment IS NULL AND withdrawn IS NULL;
"""

KEPT = """
CREATE FUNCTION clinic_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;

CREATE FUNCTION clinic_moved() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE clinic_batch SET remaining = remaining + NEW.amount WHERE institution = NEW.institution AND id = NEW.batch;
    RETURN NULL;
END $$;
CREATE TRIGGER clinic_movement_moved AFTER INSERT ON clinic_movement FOR EACH ROW EXECUTE FUNCTION clinic_moved();

CREATE FUNCTION clinic_paid() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE added bigint := CASE WHEN NEW.kind = 'deposit' THEN NEW.fen WHEN NEW.kind = 'withdrawal' THEN -NEW.fen
    WHEN NEW.way <> 'account' THEN 0 WHEN NEW.kind = 'refund' THEN NEW.fen ELSE -NEW.fen END;
BEGIN
    IF added <> 0 THEN
        INSERT INTO clinic_account (institution, patient, fen) VALUES (NEW.institution, NEW.patient, 0)
            ON CONFLICT DO NOTHING;
        UPDATE clinic_account SET fen = fen + added WHERE institution = NEW.institution AND patient = NEW.patient;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER clinic_payment_paid AFTER INSERT ON clinic_payment FOR EACH ROW EXECUTE FUNCTION clinic_paid();

CREATE FUNCTION clinic_closed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' AND OLD.close IS NULL AND NEW.close IS NOT NULL THEN
        OLD.close := NEW.close;
        IF OLD IS NOT DISTINCT FROM NEW THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'clinic_payment is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER clinic_payment_kept BEFORE UPDATE OR DELETE ON clinic_payment
    FOR EACH ROW EXECUTE FUNCTION clinic_closed();

CREATE FUNCTION clinic_charged() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.payment IS NULL OR OLD.payment = NEW.payment)
       AND (OLD.refund IS NULL OR OLD.refund = NEW.refund)
       AND (OLD.withdrawn IS NULL OR OLD.withdrawn = NEW.withdrawn) THEN
        OLD.payment := NEW.payment; OLD.refund := NEW.refund; OLD.withdrawn := NEW.withdrawn;
        IF OLD IS NOT DISTINCT FROM NEW THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'clinic_charge is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER clinic_charge_kept BEFORE UPDATE OR DELETE ON clinic_charge
    FOR EACH ROW EXECUTE FUNCTION clinic_charged();
"""
KEPT += "".join(
    f"CREATE TRIGGER clinic_{table}_kept BEFORE UPDATE OR DELETE ON clinic_{table}"
    " FOR EACH ROW EXECUTE FUNCTION clinic_kept();\n"
    for table in ("movement", "step", "close")
)
KEPT += """
CREATE TRIGGER clinic_session_kept
    BEFORE UPDATE OF institution, id, plan, number, moment, actor, actor_name OR DELETE ON clinic_session
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();  -- the note may be sealed anew
"""

DROP = """
DROP TABLE clinic_charge, clinic_account, clinic_payment, clinic_close, clinic_session, clinic_plan, clinic_step,
    clinic_prescription, clinic_template, clinic_note, clinic_visit, clinic_movement, clinic_batch, clinic_price,
    clinic_item;
DROP FUNCTION clinic_kept, clinic_moved, clinic_paid, clinic_closed, clinic_charged;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(TABLES + KEPT, DROP)]
