"""System administration: accounts and units by the system administrator, roles by the security administrator.

Nothing of the record is edited here: that is done on screens of the product, by its actions and with its trail.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .audit import record_event
from .models import RoleAssignment, Unit, User

admin.site.site_header = admin.site.site_title = _("系统管理")  # type: ignore[assignment]  # lazily translated
admin.site.unregister(Group)


def _may_enter(request: HttpRequest) -> bool:
    """By role, and not by Django's flags: nobody is a superuser here."""
    user = request.user
    return user.is_active and user.is_authenticated and (user.has_perm("user.manage") or user.has_perm("role.manage"))


admin.site.has_permission = _may_enter  # type: ignore[method-assign]


class ByPermission(admin.ModelAdmin):
    """All rights over a model hang on one permission of ``permissions.py``; nothing is deleted."""

    permission = ""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.permission))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.permission))

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        # What a demonstration account makes is demonstration.
        if not change and hasattr(obj, "is_demo"):
            obj.is_demo = request.user.is_demo  # type: ignore[union-attr]
        super().save_model(request, obj, form, change)
        verb = f"{obj._meta.model_name}.{'change' if change else 'add'}"
        record_event(verb, obj, by=request.user, fields=sorted(form.changed_data))  # type: ignore[arg-type]


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("username", "name", "unit")


@admin.register(User)
class UserAdmin(ByPermission, DjangoUserAdmin):  # type: ignore[misc]  # both are ModelAdmins
    """Accounts. A new one has no role: the security administrator gives it."""

    permission = "user.manage"
    add_form = NewUserForm
    add_fieldsets = ((None, {"fields": ("username", "name", "unit", "password1", "password2")}),)
    fieldsets = ((None, {"fields": ("username", "password", "name", "email", "unit", "clearance", "is_active")}),)
    list_display = ("username", "name", "unit", "is_active", "is_demo")
    list_filter = ("is_active", "is_service", "is_demo")
    search_fields = ("username", "name", "unit__name_zh")
    ordering = ("username",)


@admin.register(Unit)
class UnitAdmin(ByPermission):
    permission = "user.manage"
    fields = ("code", "kind", "parent", "area", "name_zh", "name_en", "dissolved_on")
    list_display = ("code", "name_zh", "kind", "parent", "is_demo")
    search_fields = ("code", "name_zh")


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ByPermission):
    """Roles, given by the security administrator, never to oneself; a role is ended, not deleted."""

    permission = "role.manage"
    fields = ("user", "role", "ends_at")
    list_display = ("user", "role", "granted_by", "granted_at", "ends_at")
    list_filter = ("role",)

    def get_readonly_fields(self, request: HttpRequest, obj: RoleAssignment | None = None) -> tuple[str, ...]:
        return ("user", "role") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.exclude(pk=request.user.pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: RoleAssignment, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.granted_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
