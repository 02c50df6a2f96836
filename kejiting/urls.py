from django.contrib import admin
from django.urls import include, path

from kejiting import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("kejiting.dashboard.urls")),
    path("", include("kejiting.export.urls")),
    path("", include("indicators.urls")),
    path("", include("platforms.urls")),
    path("", include("projects.urls")),
    path("", include("kejiting.accounts.urls")),
    path("admin/", admin.site.urls),
]

# One database failure page for every layer; 403 and 404 are templates, and the API's own.
handler400 = "kejiting.errors.bad_request"
handler500 = "kejiting.errors.server_error"
