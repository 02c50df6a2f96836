from django.urls import URLPattern, URLResolver, include, path, re_path

from .api import returns
from .api.root import Nowhere

RETURN = "returns/<slug:round>/<slug:unit>/"
LINE = RETURN + "lines/<int:line>/"

v1: list[URLPattern] = [
    path("returns/", returns.ReturnList.as_view(), name="api-returns"),
    path(RETURN, returns.ReturnDetail.as_view(), name="api-return"),
    path(LINE, returns.ReturnLine.as_view(), name="api-line"),
    path(LINE + "correct/", returns.LineCorrection.as_view(), name="api-line-correct"),
    *(path(f"{LINE}{verb}/", returns.CorrectionDecision.as_view(verb=verb), name=f"api-line-{verb}") for verb in returns.CorrectionDecision.verbs),
    *(path(f"{RETURN}{verb}/", returns.ReturnStep.as_view(verb=verb), name=f"api-return-{verb}") for verb in returns.ReturnStep.verbs),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(v1)),
    # Only with a slash at the end, so that Django still adds a forgotten one.
    re_path(r"^api/(?:.*/)?$", Nowhere.as_view()),
]
