"""System administration: accounts and units by the system administrator, roles by the security administrator.

Nothing of the record is edited here: that is done on screens of the product, by its actions and with its trail.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .actions import keep_unit_version
from .audit import record_event
from .models import ADMINISTRATORS, RoleAssignment, Unit, User

admin.site.site_header = admin.site.site_title = _("系统管理")
admin.site.unregister(Group)


def _may_enter(request: HttpRequest) -> bool:
    """By role, and not by Django's flags: nobody is a superuser here."""
    user = request.user
    return user.is_active and user.is_authenticated and (user.has_perm("user.manage") or user.has_perm("role.manage"))


def _sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The one sign-in page of the site; whoever is signed in and has no business here is told so."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.get_full_path())


admin.site.login = _sign_in  # type: ignore[method-assign]  # the site's own page
admin.site.has_permission = _may_enter  # type: ignore[method-assign]  # roles decide


def _by(request: HttpRequest) -> User:
    """Who does it: nobody comes in here unless signed in."""
    return cast(User, request.user)


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
            obj.is_demo = _by(request).is_demo
        super().save_model(request, obj, form, change)
        verb = f"{obj._meta.model_name}.{'change' if change else 'add'}"
        record_event(verb, obj, by=_by(request), fields=sorted(form.changed_data))


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("username", "name", "unit")


@admin.register(User)
class UserAdmin(ByPermission, DjangoUserAdmin):
    """Accounts. A new one has no role: the security administrator gives it."""

    permission = "user.manage"
    add_form = NewUserForm
    add_fieldsets = ((None, {"fields": ("username", "name", "unit", "password1", "password2")}),)
    fieldsets = ((None, {"fields": ("username", "password", "name", "email", "unit", "clearance", "is_active")}),)
    list_display = ("username", "name", "unit", "is_active", "is_demo")
    list_filter = ("is_active", "is_service", "is_demo")
    search_fields = ("username", "name", "unit__name_zh")
    ordering = ("username",)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set somebody's password, with a trail; never another administrator's, whose part one could then take."""
        user = self.get_object(request, unquote(id))
        if user is not None and user != request.user and user.has_role(*ADMINISTRATORS):
            raise PermissionDenied
        response = super().user_change_password(request, id, form_url)
        if user is not None and request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            record_event("user.set_password", user, by=_by(request))
        return response


@admin.register(Unit)
class UnitAdmin(ByPermission):
    permission = "user.manage"
    fields = ("code", "kind", "parent", "area", "name_zh", "name_en", "dissolved_on")
    list_display = ("code", "name_zh", "kind", "parent", "is_demo")
    search_fields = ("code", "name_zh")

    def save_model(self, request: HttpRequest, obj: Unit, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or {"name_zh", "name_en", "parent"} & set(form.changed_data):
            keep_unit_version(obj, on=timezone.localdate())


class RoleForm(forms.ModelForm):
    class Meta:
        model = RoleAssignment
        fields = ("user", "role", "ends_at")

    def clean_ends_at(self) -> datetime | None:
        """A role is ended sooner, never later: to give it again is a new row, with who gave it."""
        ends_at, before = self.cleaned_data["ends_at"], self.instance.ends_at
        if self.instance.pk and before and (ends_at is None or ends_at > before):
            raise forms.ValidationError(_("期限只能提前；要延长请另行授予。"))
        return ends_at


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ByPermission):
    """Roles, given by the security administrator, never to oneself; a role is ended, not deleted."""

    permission = "role.manage"
    form = RoleForm
    fields = ("user", "role", "ends_at")
    list_display = ("user", "role", "granted_by", "granted_at", "ends_at")
    list_filter = ("role",)

    def get_readonly_fields(self, request: HttpRequest, obj: RoleAssignment | None = None) -> tuple[str, ...]:
        return ("user", "role") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: RoleAssignment | None = None) -> bool:
        """Not one's own: what another administrator ended stays ended."""
        return super().has_view_permission(request, obj) and (obj is None or obj.user_id != request.user.pk)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.exclude(pk=_by(request).pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: RoleAssignment, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.granted_by = _by(request)
        super().save_model(request, obj, form, change)
