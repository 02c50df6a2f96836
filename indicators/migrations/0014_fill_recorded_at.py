from django.db import migrations

# The trail says when most rows were added. Of the others it is known only that they were there before this column was,
# and pages of every earlier moment listed them: they go on doing so, from the first day they speak of.
FILL = """
    CREATE FUNCTION pg_temp.added(the_verb text, kind text, key text, otherwise date) RETURNS timestamptz LANGUAGE sql AS $$
        SELECT least(now(), coalesce(
            (SELECT min(at) FROM accounts_auditevent WHERE verb = the_verb AND object_kind = kind AND object_key = key),
            otherwise::timestamp AT TIME ZONE 'Asia/Shanghai', to_timestamp(0)))
    $$;

    UPDATE indicators_task task SET recorded_at = pg_temp.added('task.add', 'task', task.id::text, plan.starts_on)
        FROM indicators_plan plan WHERE plan.id = task.plan_id;
    UPDATE indicators_milestone node SET recorded_at = greatest(task.recorded_at, pg_temp.added('milestone.add', 'milestone', node.id::text, NULL))
        FROM indicators_task task WHERE task.id = node.task_id;
    UPDATE indicators_taskindicator link SET recorded_at = task.recorded_at
        FROM indicators_task task WHERE task.id = link.task_id;
    UPDATE indicators_assignment SET recorded_at = pg_temp.added('assignment.add', 'assignment', id::text, lower(valid));
    UPDATE indicators_round SET recorded_at = least(now(), coalesce(
        (SELECT min(at) FROM accounts_auditevent WHERE verb = 'round.open' AND object_kind = 'round' AND object_key = code), opens_at));

    -- That a row is filled is no change of the return: its version stays, and with it every ETag.
    ALTER TABLE indicators_return DISABLE TRIGGER USER;
    UPDATE indicators_return report SET recorded_at = round.recorded_at FROM indicators_round round WHERE round.id = report.round_id;
    ALTER TABLE indicators_return ENABLE TRIGGER USER;

    INSERT INTO indicators_taskversion (task_id, recorded_at, aspect_id, parent_id, predecessor_id, lead_unit_id,
            responsible_office_id, document_id, title_zh, title_en, responsible_leader, starts_on, due_on, state, basis, is_demo)
        SELECT id, recorded_at, aspect_id, parent_id, predecessor_id, lead_unit_id,
            responsible_office_id, document_id, title_zh, title_en, responsible_leader, starts_on, due_on, state, basis, is_demo
        FROM indicators_task ORDER BY id;
"""


class Migration(migrations.Migration):
    dependencies = [("indicators", "0013_recorded_at"), ("accounts", "0004_no_superuser")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
