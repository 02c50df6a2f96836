from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("kejiting.dashboard.urls")),
    path("", include("indicators.urls")),
    path("", include("platforms.urls")),
    path("", include("projects.urls")),
    path("", include("kejiting.accounts.urls")),
    path("", include("kejiting.export.urls")),
    path("admin/", admin.site.urls),
]
