from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """A check that is null passes: without an upper bound, a range was let through."""

    dependencies = [("indicators", "0003_demo_milestones_and_thresholds")]

    operations = [
        migrations.RemoveConstraint("target", "target_range_has_upper"),
        migrations.AddConstraint(
            "target",
            models.CheckConstraint(
                name="target_range_has_upper",
                condition=Q(kind="range", upper__isnull=False, upper__gt=F("value")) | (~Q(kind="range") & Q(upper=None)),
            ),
        ),
    ]
