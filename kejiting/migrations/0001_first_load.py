from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FirstLoad",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.CharField(choices=[("facts", "Facts"), ("demo", "Demo")], max_length=10, unique=True),
                ),
                ("completed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
