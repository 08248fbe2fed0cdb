"""A sequence that is called once the first resident has decided anything: until then nobody needs to ask."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("record", "0008_what_is_stored_is_sealed")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE record_consent_told;"
            " SELECT setval('record_consent_told', 1, EXISTS (SELECT FROM record_consent));",
            "DROP SEQUENCE record_consent_told",
        )
    ]
