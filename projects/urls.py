from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("projects/", views.project_list, name="project-list"),
    path("projects/<slug:code>/", views.project_page, name="project"),
    path("outcomes/", views.outcome_list, name="outcome-list"),
    path("outcomes/<slug:code>/", views.outcome_page, name="outcome"),
]
