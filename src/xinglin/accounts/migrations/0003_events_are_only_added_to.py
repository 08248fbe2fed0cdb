from django.db import migrations

KEEP = """
CREATE FUNCTION accounts_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER accounts_event_kept BEFORE UPDATE OR DELETE ON accounts_event
    FOR EACH ROW EXECUTE FUNCTION accounts_kept();
"""
LET_GO = "DROP TRIGGER accounts_event_kept ON accounts_event; DROP FUNCTION accounts_kept;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_signing_on")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
