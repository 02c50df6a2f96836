from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("index/", views.index, name="index"),
    path("version/", views.version, name="version"),
]
