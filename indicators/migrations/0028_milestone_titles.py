from django.db import migrations, models

# Of milestones of one task that are named alike, all but the first say their number too.
TELL_APART = """
    UPDATE indicators_milestone node SET title_zh = left(node.title_zh, 190) || '（' || node.number || '）'
        WHERE EXISTS (SELECT FROM indicators_milestone earlier
            WHERE earlier.task_id = node.task_id AND earlier.title_zh = node.title_zh AND earlier.number < node.number);
"""


class Migration(migrations.Migration):
    """Two milestones of one task are told apart by their words."""

    dependencies = [("indicators", "0027_marks_that_fail")]

    operations = [
        migrations.RunSQL(TELL_APART, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "milestone", models.UniqueConstraint(fields=["task", "title_zh"], name="milestone_title_once_in_task")
        ),
    ]
