from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_events_are_only_added_to")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="department_id",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.AddField(
            model_name="account",
            name="practitioner_id",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
