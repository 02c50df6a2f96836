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

handler400 = "kejiting.errors.bad_request"
handler403 = "kejiting.errors.forbidden"
handler404 = "kejiting.errors.not_found"
handler500 = "kejiting.errors.server_error"
