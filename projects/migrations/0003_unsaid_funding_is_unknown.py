from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_zeros(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """No source of a fact said 0, and nobody could type one yet: the zeros of facts were the column's default."""
    funding = apps.get_model("projects", "ProjectFunding").objects.filter(project__is_demo=False)
    for name in ("approved", "paid", "spent"):
        funding.filter(**{name: 0}).update(**{name: None})


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_funding_unknown")]

    operations = [migrations.RunPython(forget_zeros, migrations.RunPython.noop)]
