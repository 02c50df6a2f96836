"""The office's verbs on definitions: tasks, indicators, documents, targets, assignments, thresholds."""

from .assignments import assign, end_assignment
from .documents import add_document, edit_document
from .indicators import add_indicator, edit_indicator
from .removal import remove_assignment, remove_document, remove_indicator, remove_milestone, remove_task, withdraw_target
from .rules import add_rule, edit_rule
from .targets import set_target, supersede_target
from .tasks import add_milestone, add_task, edit_milestone, edit_task, link_indicator, override_light, unlink_indicator
from .thresholds import remove_demo_thresholds, set_threshold
from .weights import set_weights

__all__ = [
    "add_document",
    "add_indicator",
    "add_milestone",
    "add_rule",
    "add_task",
    "assign",
    "edit_document",
    "edit_indicator",
    "edit_milestone",
    "edit_rule",
    "edit_task",
    "end_assignment",
    "link_indicator",
    "override_light",
    "remove_assignment",
    "remove_demo_thresholds",
    "remove_document",
    "remove_indicator",
    "remove_milestone",
    "remove_task",
    "set_target",
    "set_threshold",
    "set_weights",
    "supersede_target",
    "unlink_indicator",
    "withdraw_target",
]
