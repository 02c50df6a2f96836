from django.db import migrations


def add_total(apps, schema_editor):
    """Every observation has a breakdown; ``_T``, the whole itself, is there from the start."""
    apps.get_model("indicators", "Breakdown").objects.get_or_create(code="_T", defaults={"name_zh": "合计", "name_en": "Total"})


class Migration(migrations.Migration):
    dependencies = [("indicators", "0001_record")]
    operations = [migrations.RunPython(add_total, migrations.RunPython.noop)]
