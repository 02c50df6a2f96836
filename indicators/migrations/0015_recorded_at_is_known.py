import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0014_fill_recorded_at")]

    operations = [
        migrations.AlterField("assignment", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        migrations.AlterField("milestone", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        migrations.AlterField("return", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        migrations.AlterField("round", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        migrations.AlterField("task", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        migrations.AlterField("taskindicator", "recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
        pgtrigger.migrations.AddTrigger(
            model_name='task',
            trigger=pgtrigger.compiler.Trigger(name='keeps_versions', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF TG_OP = 'UPDATE' AND jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(NEW))\n            IS NOT DISTINCT FROM jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(OLD)) THEN\n        RETURN NULL;\n    END IF;\n    INSERT INTO indicators_taskversion\n        SELECT version.* FROM jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(NEW) || jsonb_build_object(\n            'id', nextval(pg_get_serial_sequence('indicators_taskversion', 'id')),\n            'task_id', NEW.id,\n            'recorded_at', CASE TG_OP WHEN 'INSERT' THEN NEW.recorded_at ELSE clock_timestamp() END)) version;\n    RETURN NULL;\n", hash='e0d484853a54b6c66f30f7842d617a72bd32ee78', operation='INSERT OR UPDATE', pgid='pgtrigger_keeps_versions_e1788', table='indicators_task', when='AFTER')),
        ),
    ]
