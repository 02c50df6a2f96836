"""Index frameworks as the office sees them, and the weights it enters."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest

from ...actions import definitions as actions
from ...errors import NotReady
from ...forms.weights import PREFIX, WeightsForm
from ...models import IndexFramework, WeightVersion
from ...queries.definitions import get_frameworks, get_weights
from ..office import defines, submit


@defines
@require_GET
def framework_list(request: SignedInRequest) -> HttpResponse:
    return render(request, "indicators/definitions/frameworks.html", {"frameworks": get_frameworks()})


@defines
@require_http_methods(["GET", "POST"])
def weights(request: SignedInRequest, code: str) -> HttpResponse:
    """A framework's weights over time, and a form for the next ones."""
    framework = get_object_or_404(IndexFramework, code=code)
    said = get_weights(framework)
    form = WeightsForm(request.POST or None, nodes=said.nodes, known=said.in_force, initial={"expected": said.number})
    status = 200
    if request.method == "POST":
        version, status = submit(form, lambda: _set(form, framework, request))
        if version is not None:
            messages.success(request, _("已保存第 %(n)s 版权重，正在重新测算。") % {"n": version.number})
            return redirect("definition-weights", code)
    context = {
        "framework": framework,
        "versions": said.versions,
        "form": form,
        "has_published": said.is_published,
    }
    return render(request, "indicators/definitions/weights.html", context, status=status)


def _set(form: WeightsForm, framework: IndexFramework, request: SignedInRequest) -> WeightVersion:
    said = form.cleaned_data
    rest = {name: said[name] for name in ("reason", "from_year", "expected")}
    try:
        return actions.set_weights(framework, by=request.user, weights=form.get_weights(), **rest)
    except NotReady as error:
        for problem in error.problems:
            form.add_error(PREFIX + problem.where, problem.message)
        raise
