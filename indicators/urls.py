from django.urls import URLPattern, path, re_path

from . import office_urls
from .views import evidence, index, pages, reporting, targets, todo

urlpatterns: list[URLPattern] = [
    path("tasks/", pages.task_list, name="task-list"),
    path("plans/<slug:plan>/", pages.plan_page, name="plan"),
    path("plans/<slug:plan>/tasks/<int:number>/", pages.task_page, name="task"),
    path("indicators/", pages.indicator_list, name="indicator-list"),
    path("indicators/<str:code>/", pages.indicator_page, name="indicator"),
    path("targets/", targets.target_ledger, name="target-ledger"),
    path("index/what-if/", index.what_if, name="what-if"),
    path("index/<slug:framework>/<str:year>/<str:area>/", index.origin, name="index-origin"),
    path("provenance/<str:kind>/<str:key>/", pages.provenance, name="provenance"),
    # The office's `/reporting/rounds/…` stands before `/reporting/<round>/<unit>/`, which would match it.
    *office_urls.urlpatterns,
    path("reporting/", todo.todo, name="todo"),
    path("reporting/<str:round>/<str:unit>/", reporting.return_page, name="return"),
    path("reporting/<str:round>/<str:unit>/state/", reporting.return_state, name="return-state"),
    path("reporting/<str:round>/<str:unit>/lines/<int:line>/", reporting.save_line, name="return-line"),
    path("reporting/<str:round>/<str:unit>/lines/<int:line>/evidence/", evidence.attach, name="return-evidence"),
    path("reporting/<str:round>/<str:unit>/evidence/<uuid:key>/", evidence.download, name="evidence"),
    path("reporting/<str:round>/<str:unit>/evidence/<uuid:key>/remove/", evidence.remove, name="evidence-remove"),
    re_path(
        r"^reporting/(?P<round>[^/]+)/(?P<unit>[^/]+)/lines/(?P<line>\d+)/(?P<verb>correct|attach|detach|accept|return|withdraw)/$",
        reporting.correct_line,
        name="return-correction",
    ),
    re_path(r"^reporting/(?P<round>[^/]+)/(?P<unit>[^/]+)/(?P<verb>submit|approve|return|accept)/$", reporting.take_step, name="return-step"),
]
