"""The office's addresses: definitions and rounds."""

from django.urls import URLPattern, path

from .views import rounds
from .views.definitions import assignments, hub, indicators, removal, rules, statistics, targets, task_import, tasks, weights

urlpatterns: list[URLPattern] = [
    path("definitions/", hub.hub, name="definitions"),
    path("definitions/tasks/", tasks.task_list, name="definition-task-list"),
    path("definitions/tasks/add/", tasks.task_add, name="definition-task-add"),
    path("definitions/tasks/import/", task_import.upload, name="definition-task-import"),
    path("definitions/tasks/import/confirm/", task_import.confirm, name="definition-task-import-confirm"),
    path("definitions/tasks/import/template/", task_import.template, name="definition-task-import-template"),
    path("definitions/tasks/<int:pk>/", tasks.task_edit, name="definition-task"),
    path("definitions/tasks/<int:pk>/milestones/add/", tasks.milestone_add, name="definition-milestone-add"),
    path("definitions/tasks/<int:pk>/indicators/add/", tasks.link_indicator, name="definition-task-indicator-add"),
    path("definitions/tasks/<int:pk>/indicators/<str:code>/remove/", tasks.unlink_indicator, name="definition-task-indicator-remove"),
    path("definitions/tasks/<int:pk>/light/", tasks.override_light, name="definition-task-light"),
    path("definitions/milestones/<int:pk>/", tasks.milestone_edit, name="definition-milestone"),
    path("definitions/indicators/", indicators.indicator_list, name="definition-indicator-list"),
    path("definitions/indicators/add/", indicators.indicator_add, name="definition-indicator-add"),
    path("definitions/indicators/code/<str:code>/", indicators.indicator_edit, name="definition-indicator"),
    path("definitions/documents/", hub.document_list, name="definition-document-list"),
    path("definitions/documents/add/", hub.document_add, name="definition-document-add"),
    path("definitions/documents/<int:pk>/", hub.document_edit, name="definition-document"),
    path("definitions/targets/", targets.target_list, name="definition-target-list"),
    path("definitions/targets/add/", targets.target_add, name="definition-target-add"),
    path("definitions/targets/<int:pk>/", targets.target_page, name="definition-target"),
    path("definitions/assignments/", assignments.assignment_list, name="definition-assignment-list"),
    path("definitions/assignments/add/<slug:kind>/", assignments.assignment_add, name="definition-assignment-add"),
    path("definitions/assignments/<int:pk>/end/", assignments.assignment_end, name="definition-assignment-end"),
    path("definitions/statistics/", statistics.upload, name="definition-statistics"),
    path("definitions/statistics/template/", statistics.template, name="definition-statistics-template"),
    path("definitions/statistics/<int:pk>/", statistics.preview, name="definition-statistics-file"),
    path("definitions/index/", weights.framework_list, name="definition-framework-list"),
    path("definitions/index/<slug:code>/", weights.weights, name="definition-weights"),
    path("definitions/remove/<slug:kind>/<str:key>/", removal.remove, name="definition-remove"),
    path("definitions/rules/", rules.rule_list, name="definition-rule-list"),
    path("definitions/rules/add/", rules.rule_add, name="definition-rule-add"),
    path("definitions/rules/code/<slug:code>/", rules.rule_edit, name="definition-rule"),
    path("definitions/thresholds/", hub.thresholds, name="definition-thresholds"),
    path("reporting/rounds/", rounds.round_list, name="round-list"),
    path("reporting/rounds/open/", rounds.round_open, name="round-open"),
    path("reporting/rounds/<str:round>/", rounds.round_page, name="round"),
    path("reporting/rounds/<str:round>/lock/", rounds.round_lock, name="round-lock"),
    path("reporting/rounds/<str:round>/unlock/", rounds.round_unlock, name="round-unlock"),
    path("reporting/rounds/<str:round>/due/", rounds.round_due, name="round-due"),
]
