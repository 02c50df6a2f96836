from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("audit/", views.audit, name="audit"),
]
