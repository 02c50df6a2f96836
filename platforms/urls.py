from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("platforms/", views.platform_list, name="platform-list"),
    path("platforms/<slug:code>/", views.platform_page, name="platform"),
    path("consortia/", views.consortium_list, name="consortium-list"),
    path("consortia/<slug:code>/", views.consortium_page, name="consortium"),
    path("organisations/", views.organisation_list, name="organisation-list"),
    path("organisations/<slug:code>/", views.organisation_page, name="organisation"),
]
