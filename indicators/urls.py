from django.urls import URLPattern, path, re_path

from .views import reporting

# `/reporting/rounds/…` is the office's and stands before `/reporting/<round>/<unit>/`, which would match it.
urlpatterns: list[URLPattern] = [
    path("reporting/", reporting.todo, name="todo"),
    path("reporting/<str:round>/<str:unit>/", reporting.return_page, name="return"),
    path("reporting/<str:round>/<str:unit>/lines/<int:line>/", reporting.save_line, name="return-line"),
    re_path(
        r"^reporting/(?P<round>[^/]+)/(?P<unit>[^/]+)/lines/(?P<line>\d+)/(?P<verb>correct|accept|return)/$",
        reporting.correct_line,
        name="return-correction",
    ),
    re_path(r"^reporting/(?P<round>[^/]+)/(?P<unit>[^/]+)/(?P<verb>submit|approve|return|accept)/$", reporting.take_step, name="return-step"),
]
