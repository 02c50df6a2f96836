from django.db import migrations, models


class Migration(migrations.Migration):
    """Whoever was a superuser keeps the account, and has the roles that were given to it."""

    dependencies = [("accounts", "0003_known_values")]

    operations = [
        migrations.AlterModelManagers(name="user", managers=[]),
        migrations.RunSQL("UPDATE accounts_user SET is_superuser = false WHERE is_superuser", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(condition=models.Q(is_superuser=False), name="user_is_no_superuser"),
        ),
    ]
