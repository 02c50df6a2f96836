from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.i18n import set_language

from . import views

urlpatterns: list[URLPattern] = [
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/language/", set_language, name="set_language"),
    path("audit/", views.audit, name="audit"),
]
