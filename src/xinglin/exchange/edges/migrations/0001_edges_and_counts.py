from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Edge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=16, unique=True)),
                ("first", models.DateTimeField()),
                ("heard", models.DateTimeField()),
                ("address", models.CharField(blank=True, default="", max_length=64)),
                ("state", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Count",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=16)),
                ("source", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("expected", models.BigIntegerField(null=True)),
                ("captured", models.BigIntegerField()),
                ("sent", models.BigIntegerField()),
                ("refused", models.BigIntegerField()),
                ("told", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sender", "source", "day"), name="exchange_edges_count_day")
                ],
            },
        ),
    ]
