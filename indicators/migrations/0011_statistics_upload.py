import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('indicators', '0010_run_last_of_kind'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StatisticsUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('sha256', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('choices', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('reading', '正在读取'), ('ready', '待确认'), ('importing', '正在导入'), ('done', '已导入')], default='reading', max_length=9)),
                ('preview', models.JSONField(null=True)),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('uploaded_at', models.DateTimeField(auto_now_add=True)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='indicators.importbatch')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '待导入的统计数据',
                'verbose_name_plural': '待导入的统计数据',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='statisticsupload',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['reading', 'ready', 'importing', 'done'])), name='statisticsupload_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='statisticsupload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('content', b''), _connector='OR'), name='statistics_upload_content_goes_when_done'),
        ),
        migrations.AddConstraint(
            model_name='statisticsupload',
            constraint=models.CheckConstraint(condition=models.Q(('batch', None), ('state', 'done'), _connector='OR'), name='statistics_upload_batch_when_done'),
        ),
    ]
