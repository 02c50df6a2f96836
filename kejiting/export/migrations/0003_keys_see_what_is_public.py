from typing import Any

from django.db import migrations


def lower_clearance(apps: Any, schema_editor: Any) -> None:
    """Keys for reporting saw all that is internal; they need what their own unit is asked for, which needs no clearance."""
    keys = apps.get_model("export", "ApiKey").objects.filter(scope="report")
    apps.get_model("accounts", "User").objects.filter(pk__in=keys.values("account"), is_service=True).update(clearance="public")


class Migration(migrations.Migration):
    dependencies = [
        ("export", "0002_known_values"),
        ("accounts", "0004_no_superuser"),
    ]

    operations = [migrations.RunPython(lower_clearance, migrations.RunPython.noop)]
