from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0002_total_breakdown")]

    operations = [
        migrations.AddField("milestone", "is_demo", models.BooleanField(default=False, verbose_name="演示")),
        migrations.AddField("lightthreshold", "is_demo", models.BooleanField(default=False, verbose_name="演示")),
    ]
