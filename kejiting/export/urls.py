from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny

from . import views
from .api import definitions, index, measures, observations, provenance, registers, returns, units
from .api.root import Nowhere, Root

RETURN = "returns/<slug:round>/<slug:unit>/"
LINE = RETURN + "lines/<int:line>/"

v1: list[URLPattern] = [
    path("", Root.as_view(), name="api-root"),
    path("schema/", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny]), name="api-schema"),
    path("docs/", views.docs, name="api-docs"),
    # what is to be done, and how it is measured
    path("plans/", definitions.PlanList.as_view(), name="api-plans"),
    path("plans/<slug:code>/", definitions.PlanDetail.as_view(), name="api-plan"),
    path("aspects/", definitions.AspectList.as_view(), name="api-aspects"),
    path("aspects/<slug:plan>/<int:number>/", definitions.AspectDetail.as_view(), name="api-aspect"),
    path("tasks/", definitions.TaskList.as_view(), name="api-tasks"),
    path("tasks/<slug:plan>/<int:number>/", definitions.TaskDetail.as_view(), name="api-task"),
    path("milestones/", definitions.MilestoneList.as_view(), name="api-milestones"),
    path("milestones/<slug:plan>/<int:task>/<int:number>/", definitions.MilestoneDetail.as_view(), name="api-milestone"),
    path("indicators/", measures.IndicatorList.as_view(), name="api-indicators"),
    re_path(r"^indicators/(?P<code>[A-Za-z0-9_.]{1,64})/$", measures.IndicatorDetail.as_view(), name="api-indicator"),
    path("targets/", measures.TargetList.as_view(), name="api-targets"),
    path("targets/<int:id>/", measures.TargetDetail.as_view(), name="api-target"),
    # the figures
    path("observations/", observations.ObservationList.as_view(), name="api-observations"),
    path("observations/<int:id>/", observations.ObservationDetail.as_view(), name="api-observation"),
    path("results/", observations.ResultList.as_view(), name="api-results"),
    path("results/<int:id>/", observations.ResultDetail.as_view(), name="api-result"),
    *(path(f"provenance/{kind}/<str:key>/", view.as_view(), name=f"api-provenance-{kind}") for kind, view in provenance.KINDS.items()),
    path("index/", index.IndexList.as_view(), name="api-index"),
    path("index/<int:id>/", index.IndexDetail.as_view(), name="api-index-row"),
    # who and where
    path("areas/", units.AreaList.as_view(), name="api-areas"),
    path("areas/<slug:code>/", units.AreaDetail.as_view(), name="api-area"),
    path("units/", units.UnitList.as_view(), name="api-units"),
    path("units/<slug:code>/", units.UnitDetail.as_view(), name="api-unit"),
    path("rounds/", units.RoundList.as_view(), name="api-rounds"),
    path("rounds/<slug:code>/", units.RoundDetail.as_view(), name="api-round"),
    # reporting by machine
    path("returns/", returns.ReturnList.as_view(), name="api-returns"),
    path(RETURN, returns.ReturnDetail.as_view(), name="api-return"),
    path(LINE, returns.ReturnLine.as_view(), name="api-line"),
    path(LINE + "correct/", returns.LineCorrection.as_view(), name="api-line-correct"),
    *(path(f"{LINE}{verb}/", returns.CorrectionDecision.as_view(verb=verb), name=f"api-line-{verb}") for verb in returns.CorrectionDecision.verbs),
    *(path(f"{RETURN}{verb}/", returns.ReturnStep.as_view(verb=verb), name=f"api-return-{verb}") for verb in returns.ReturnStep.verbs),
    # the registers
    path("organisations/", registers.OrganisationList.as_view(), name="api-organisations"),
    path("organisations/<slug:code>/", registers.OrganisationDetail.as_view(), name="api-organisation"),
    path("platforms/", registers.PlatformList.as_view(), name="api-platforms"),
    path("platforms/<slug:code>/", registers.PlatformDetail.as_view(), name="api-platform"),
    path("consortia/", registers.ConsortiumList.as_view(), name="api-consortia"),
    path("consortia/<slug:code>/", registers.ConsortiumDetail.as_view(), name="api-consortium"),
    path("projects/", registers.ProjectList.as_view(), name="api-projects"),
    path("projects/<slug:code>/", registers.ProjectDetail.as_view(), name="api-project"),
    path("outcomes/", registers.OutcomeList.as_view(), name="api-outcomes"),
    path("outcomes/<slug:code>/", registers.OutcomeDetail.as_view(), name="api-outcome"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(v1)),
    # Before the page of this address: a program that follows a figure's link with its key is answered in JSON.
    path("provenance/<str:kind>/<str:key>/", views.provenance),
    re_path(r"^api/(?:[\s\S]*/)?\Z", Nowhere.as_view()),
    re_path(r"^api(?:/[\s\S]*)?\Z", views.send_on),
]
