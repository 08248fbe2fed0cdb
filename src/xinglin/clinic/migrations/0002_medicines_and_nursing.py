"""Patent medicines beside herbs, decoctions that the pharmacy boils, formulas to begin with, triage and vital signs."""

from django.db import migrations

FORWARD = """
ALTER TABLE clinic_prescription ADD COLUMN kind text NOT NULL DEFAULT 'herb' CHECK (kind IN ('herb', 'patent'));
ALTER TABLE clinic_prescription ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE clinic_prescription DROP CONSTRAINT clinic_prescription_state_check;
ALTER TABLE clinic_prescription ADD CONSTRAINT clinic_prescription_state_check CHECK
    (state IN ('draft', 'held', 'signed', 'paid', 'reviewed', 'mixed', 'checked', 'boiled', 'issued', 'void'));

ALTER TABLE clinic_template ADD COLUMN kind text NOT NULL DEFAULT 'record'
    CHECK (kind IN ('record', 'herb', 'patent'));
ALTER TABLE clinic_template ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE clinic_template DROP CONSTRAINT clinic_template_institution_scope_owner_name_key;
ALTER TABLE clinic_template ADD UNIQUE (institution, kind, scope, owner, name);

ALTER TABLE clinic_visit ADD COLUMN kind text NOT NULL DEFAULT 'outpatient'
    CHECK (kind IN ('outpatient', 'emergency'));
ALTER TABLE clinic_visit ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE clinic_visit ADD COLUMN level smallint CHECK (level BETWEEN 1 AND 4);  -- of triage, 1 first

CREATE TABLE clinic_measuring (
    institution text COLLATE "C" NOT NULL,
    id          bigint  NOT NULL,
    visit       bigint  NOT NULL,
    body        text    NOT NULL,               -- JSON of what was measured and said, sealed
    moment      timestamptz NOT NULL,
    actor       text    NOT NULL,
    actor_name  text    NOT NULL,
    PRIMARY KEY (institution, id),
    FOREIGN KEY (institution, visit) REFERENCES clinic_visit
);
CREATE INDEX clinic_measuring_visit ON clinic_measuring (institution, visit, id);
CREATE TRIGGER clinic_measuring_kept
    BEFORE UPDATE OF institution, id, visit, moment, actor, actor_name OR DELETE ON clinic_measuring
    FOR EACH ROW EXECUTE FUNCTION clinic_kept();  -- the body may be sealed anew
"""

BACK = """
DROP TABLE clinic_measuring;
ALTER TABLE clinic_visit DROP COLUMN level, DROP COLUMN kind;
ALTER TABLE clinic_template DROP COLUMN kind;
ALTER TABLE clinic_template ADD UNIQUE (institution, scope, owner, name);
ALTER TABLE clinic_prescription DROP COLUMN kind;
"""


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_day")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
