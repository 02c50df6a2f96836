"""A column with choices holds nothing else, whoever writes it: by the database, for every model there is."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

pytestmark = pytest.mark.django_db

OURS = ("kejiting", "accounts", "indicators", "platforms", "projects", "export")


def list_choices() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every field with choices of every model of ours: a new one is found here without being named."""
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.local_concrete_fields:
                if field.choices:
                    yield model, field


CHOICES = [pytest.param(model, field, id=f"{model._meta.label}.{field.name}") for model, field in list_choices()]


def insert_alone(model: type[models.Model], field: models.Field, values: list[str]) -> None:
    """Put values into a copy of the table that has kept this column's named constraint and no other rule."""
    name = f"{model._meta.model_name}_{field.name}_is_known"
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE probe (LIKE {table} INCLUDING CONSTRAINTS) ON COMMIT DROP")
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'probe'::regclass AND contype = 'c'")
        for (other,) in cursor.fetchall():
            if other != name:
                cursor.execute(f"ALTER TABLE probe DROP CONSTRAINT {connection.ops.quote_name(other)}")
        # As SQL's own default for what is not given: nothing.
        for column in model._meta.local_concrete_fields:
            if column != field:
                cursor.execute(f"ALTER TABLE probe ALTER {connection.ops.quote_name(column.column)} DROP NOT NULL")
        cursor.executemany(f"INSERT INTO probe ({connection.ops.quote_name(field.column)}) VALUES (%s)", [[value] for value in values])


@pytest.mark.parametrize(("model", "field"), CHOICES)
def test_a_value_that_is_no_choice_is_refused_by_name(model: type[models.Model], field: models.Field) -> None:
    refused = "?" if field.max_length == 1 else "no-such"[: field.max_length]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        insert_alone(model, field, [refused])
    assert caught.value.__cause__.diag.constraint_name == f"{model._meta.model_name}_{field.name}_is_known"  # type: ignore[union-attr]


@pytest.mark.parametrize(("model", "field"), CHOICES)
def test_every_choice_is_taken(model: type[models.Model], field: models.Field) -> None:
    insert_alone(model, field, [str(value) for value, _label in field.flatchoices] + ([""] if field.blank else []))


@pytest.mark.parametrize(("model", "field"), [case for case in CHOICES if not case.values[1].blank])
def test_nothing_is_no_choice_unless_the_field_may_be_empty(model: type[models.Model], field: models.Field) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_alone(model, field, [""])
