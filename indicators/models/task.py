import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import Role, Unit, User

from .document import Document
from .plan import Aspect, Plan
from .version import keeps_versions


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> "TaskQuerySet":
        """By classification; who types for a unit knows the tasks it reports on."""
        if user.clearance == Classification.INTERNAL:
            return self
        seen = Q(classification=Classification.PUBLIC)
        if user.has_role(Role.REPORTER):
            asked = Q(assignments__unit=user.unit_id) | Q(milestones__assignments__unit=user.unit_id)
            seen |= Q(pk__in=self.model._default_manager.filter(asked).values("pk"))
        return self.filter(seen)


# Tasks above and before are looked up under one lock a plan, so that two changes cannot close a circle.
_PLACE = """
    IF TG_OP = 'UPDATE' AND NEW.plan_id <> OLD.plan_id THEN
        RAISE EXCEPTION 'a task stays in its plan'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_keeps_its_plan';
    END IF;
    IF NEW.plan_id <> (SELECT plan_id FROM indicators_aspect WHERE id = NEW.aspect_id) THEN
        RAISE EXCEPTION 'the aspect is of another plan'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_aspect_is_of_its_plan';
    END IF;
    IF NEW.predecessor_id IS NOT NULL AND NOT (SELECT earlier.starts_on < own.starts_on FROM indicators_plan own,
            indicators_task before JOIN indicators_plan earlier ON earlier.id = before.plan_id
            WHERE own.id = NEW.plan_id AND before.id = NEW.predecessor_id) THEN
        RAISE EXCEPTION 'the predecessor is not of an earlier plan'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_predecessor_is_of_an_earlier_plan';
    END IF;
    IF NEW.parent_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('task_parent'), NEW.plan_id::int);
        IF NEW.plan_id <> (SELECT plan_id FROM indicators_task WHERE id = NEW.parent_id) THEN
            RAISE EXCEPTION 'the parent is of another plan'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'task_parent_is_of_its_plan';
        END IF;
        IF NEW.id IN (
            WITH RECURSIVE above(id) AS (
                SELECT NEW.parent_id
                UNION SELECT task.parent_id FROM indicators_task task JOIN above ON task.id = above.id WHERE task.parent_id IS NOT NULL
            ) SELECT id FROM above) THEN
            RAISE EXCEPTION 'a task cannot stand under itself'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'task_parents_make_no_circle';
        END IF;
    END IF;
    RETURN NEW;
"""


class Task(models.Model):
    """A key task (重点任务) of a plan: what is to be done, by whom, by when.

    Many are reforms without a number: their progress is milestones and the quarterly narrative.
    """

    class State(models.TextChoices):
        OPEN = "open", _("推进中")
        CLOSING = "closing", _("申请办结")
        CLOSED = "closed", _("已销号")
        CARRIED = "carried", _("挂账")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="tasks", verbose_name=_("规划"))
    number = models.PositiveSmallIntegerField(_("任务编号"))
    aspect = models.ForeignKey(Aspect, models.PROTECT, related_name="tasks", verbose_name=_("方面"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级任务"))
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name=_("前一规划中的任务"))
    lead_unit = models.ForeignKey(Unit, models.PROTECT, related_name="led_tasks", verbose_name=_("牵头单位"))
    responsible_office = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="overseen_tasks", verbose_name=_("责任处室")
    )
    cooperating_units = models.ManyToManyField(Unit, blank=True, related_name="shared_tasks", verbose_name=_("配合单位"))
    indicators = models.ManyToManyField("indicators.Indicator", through="TaskIndicator", related_name="tasks")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("依据文件"))

    title_zh = models.CharField(_("任务"), max_length=200)
    title_en = models.CharField(_("英文"), max_length=300, blank=True)
    responsible_leader = models.CharField(_("牵头省领导"), max_length=40, blank=True)
    starts_on = models.DateField(_("开始日期"))
    due_on = models.DateField(_("完成时限"))
    state = models.CharField(_("办理状态"), max_length=8, choices=State, default=State.OPEN)
    basis = models.CharField(_("说明"), max_length=120, blank=True)
    classification = models.CharField(_("密级范围"), max_length=10, choices=Classification, default=Classification.PUBLIC)
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("重点任务")
        verbose_name_plural = _("重点任务")
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(name="task_number_once_in_plan", fields=["plan", "number"]),
            models.CheckConstraint(name="task_number_from_one", condition=Q(number__gte=1)),
            models.CheckConstraint(name="task_starts_before_due", condition=Q(starts_on__lte=F("due_on"))),
            models.CheckConstraint(name="task_is_not_its_own_parent", condition=~Q(parent=F("pk"))),
            models.CheckConstraint(name="task_is_not_its_own_predecessor", condition=~Q(predecessor=F("pk"))),
            is_known("state", ["open", "closing", "closed", "carried"]),
            is_known("classification", Classification.values),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="place_in_plan",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("plan_id", "aspect_id", "parent_id", "predecessor_id"),
                func=_PLACE,
            ),
            keeps_versions("task"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title_zh}"

    @property
    def area_code(self) -> str:
        """Whose figures the task is judged by: the lead unit's area, or the home province."""
        return self.lead_unit.area_id or settings.HOME_AREA


class TaskIndicator(models.Model):
    """A task is measured by an indicator."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="task_indicators")
    indicator = models.ForeignKey("indicators.Indicator", models.PROTECT, related_name="task_indicators")
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("任务指标")
        verbose_name_plural = _("任务指标")
        ordering = ["task", "pk"]
        constraints = [models.UniqueConstraint(name="task_indicator_once", fields=["task", "indicator"])]

    def __str__(self) -> str:
        return f"{self.task_id} {self.indicator_id}"


class TaskStep(models.Model):
    """A step in a task's ending: 申请办结 → 审核 → 销号 or 挂账; each stamped, none taken back."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="steps")
    to_state = models.CharField(_("状态"), max_length=8, choices=Task.State)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(_("说明"), blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("办结记录")
        verbose_name_plural = _("办结记录")
        ordering = ["pk"]
        constraints = [is_known("to_state", Task.State.values)]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.task_id} → {self.to_state}"
