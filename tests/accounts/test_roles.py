"""Three administrators are three people at any time, and a role is held once at a time: by the database."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from kejiting.accounts.models import Role, RoleAssignment
from tests.builders import Cast, make_user

pytestmark = pytest.mark.django_db


def test_nobody_holds_two_of_the_three_not_even_for_a_while() -> None:
    user = make_user("admin", Cast().kjt)
    soon = timezone.now() + timedelta(days=30)
    RoleAssignment.objects.create(user=user, role=Role.SYSTEM_ADMIN, ends_at=soon)
    for ends_at in (None, soon):
        with pytest.raises(IntegrityError, match="role_one_administrator_each"), transaction.atomic():
            RoleAssignment.objects.create(user=user, role=Role.AUDITOR, ends_at=ends_at)
    RoleAssignment.objects.create(user=user, role=Role.AUDITOR, granted_at=soon + timedelta(seconds=1))


def test_a_role_is_held_once_at_a_time() -> None:
    user = make_user("someone", Cast().kjt, Role.REPORTER)
    with pytest.raises(IntegrityError, match="role_held_once"), transaction.atomic():
        RoleAssignment.objects.create(user=user, role=Role.REPORTER, ends_at=timezone.now() + timedelta(days=1))
