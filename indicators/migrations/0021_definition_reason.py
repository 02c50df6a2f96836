from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0020_qualifier_is_of_a_value")]
    operations = [
        migrations.AddField(
            model_name="indicatordefinition",
            name="reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="原因"),
        ),
    ]
