import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('indicators', '0011_statistics_upload'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64, verbose_name='代码')),
                ('version', models.PositiveSmallIntegerField(verbose_name='版本')),
                ('formula', models.TextField(verbose_name='公式')),
                ('severity', models.CharField(choices=[('error', '错误'), ('warning', '提醒')], max_length=7, verbose_name='级别')),
                ('sentence_zh', models.CharField(max_length=300, verbose_name='说明')),
                ('is_withdrawn', models.BooleanField(default=False, verbose_name='停用')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='原因')),
                ('recorded_at', models.DateTimeField(auto_now_add=True)),
                ('is_demo', models.BooleanField(default=False, verbose_name='演示')),
                ('set_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '校验规则',
                'verbose_name_plural': '校验规则',
                'ordering': ['code', 'version'],
                'constraints': [models.UniqueConstraint(fields=('code', 'version'), name='rule_version_once'), models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z][a-z0-9_]*$')), name='rule_code_is_an_identifier'), models.CheckConstraint(condition=models.Q(('version', 1), models.Q(('reason', ''), _negated=True), _connector='OR'), name='rule_change_has_reason'), models.CheckConstraint(condition=models.Q(('severity__in', ['error', 'warning'])), name='rule_severity_is_known')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rule',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF TG_OP = 'DELETE' AND OLD.is_demo AND current_setting('kejiting.demo_removal', true) = 'on' THEN\n        RETURN OLD;\n    END IF;\n    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP\n        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';\n", hash='4ab8175f79a045af23f1ad8df6fcc8c536f2c4f3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4aa19', table='indicators_rule', when='BEFORE')),
        ),
    ]
