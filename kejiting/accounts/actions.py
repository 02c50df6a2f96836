"""Verbs on units and accounts."""

from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from .audit import record_event
from .models import ADMINISTRATORS, Role, RoleAssignment, Unit, UnitVersion, User


@transaction.atomic
def keep_unit_version(unit: Unit, *, on: date, reason: str = "") -> UnitVersion:
    """Begin a new version of a unit's name and parent on a day; the version before ends there.

    Of two changes on one day the later counts.
    """
    names = {"parent": unit.parent, "name_zh": unit.name_zh, "name_en": unit.name_en, "reason": reason}
    current = UnitVersion.objects.select_for_update().filter(unit=unit, valid__contains=on).first()
    if current is not None:
        if current.valid.lower == on:
            UnitVersion.objects.filter(pk=current.pk).update(**names)
            current.refresh_from_db()
            return current
        current.valid = DateRange(current.valid.lower, on)
        current.save(update_fields=["valid"])
    return UnitVersion.objects.create(unit=unit, valid=DateRange(on, None), **names)


@transaction.atomic
def create_administrator(username: str, *, role: str, unit_code: str, name: str, password: str) -> User:
    """Set up the first system, security or audit administrator, by whoever runs the machine; the three are three people.

    Once there is one of a kind, accounts are made by the system administrator and roles given by the security
    administrator, each with a trail. Raises ``ValidationError`` with a sentence.
    """
    name = name.strip()
    with connection.cursor() as cursor:
        # Of two commands at once the second finds the first's administrator.
        cursor.execute("LOCK TABLE accounts_roleassignment IN SHARE ROW EXCLUSIVE MODE")
    held = RoleAssignment.objects.current().filter(user__is_active=True, user__is_demo=False).select_related("user")
    for holding in held.filter(role__in=ADMINISTRATORS):
        if holding.role == role:
            raise ValidationError(_("已有%(role)s（%(user)s）：此后账号由系统管理员建立，角色由安全管理员授予。") % {"role": Role(role).label, "user": holding.user})
        if holding.user.name == name:
            raise ValidationError(_("%(name)s已是%(role)s：系统管理员、安全管理员和审计管理员须是三个人。") % {"name": name, "role": Role(holding.role).label})
    unit = Unit.objects.filter(code=unit_code, dissolved_on=None).first()
    if not name:
        raise ValidationError(_("请写明姓名。"))
    if unit is None:
        raise ValidationError(_("没有代码为“%(code)s”的单位。") % {"code": unit_code})
    user = User(username=username, name=name, unit=unit)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    RoleAssignment.objects.create(user=user, role=role)
    record_event("user.add", user, by=None, username=username, role=role, command="create_administrator")
    return user
