"""What each constraint of the database means, in words for the person whose change it refused.

Forms and actions check first and say more; these sentences are for what slips past them (two people at
once, a program's request), so that nobody is ever answered with the name of a constraint.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_lazy

from .errors import WrongState

SENTENCES = {
    # plan and tasks
    "plan_one_is_current": gettext_lazy("现行规划只能有一个。"),
    "plan_starts_before_it_ends": gettext_lazy("规划的开始日期须早于结束日期。"),
    "aspect_number_once_in_plan": gettext_lazy("这个规划里已有同一序号的方面。"),
    "aspect_number_from_one": gettext_lazy("方面的序号从 1 开始。"),
    "aspect_keeps_its_plan": gettext_lazy("方面不能换到别的规划。"),
    "task_number_once_in_plan": gettext_lazy("这个规划里已有同一编号的任务，请换一个编号。"),
    "task_number_from_one": gettext_lazy("任务编号从 1 开始。"),
    "task_starts_before_due": gettext_lazy("完成时限不能早于开始日期。"),
    "task_is_not_its_own_parent": gettext_lazy("任务不能以自己为上级任务。"),
    "task_is_not_its_own_predecessor": gettext_lazy("任务不能以自己为前一规划中的任务。"),
    "task_keeps_its_plan": gettext_lazy("任务不能换到别的规划。"),
    "task_aspect_is_of_its_plan": gettext_lazy("所选的方面不属于这个规划。"),
    "task_parent_is_of_its_plan": gettext_lazy("上级任务须在同一规划里。"),
    "task_parents_make_no_circle": gettext_lazy("上级任务不能是这项任务自己或它的下级任务。"),
    "task_predecessor_is_of_an_earlier_plan": gettext_lazy("前一规划中的任务须在更早的规划里。"),
    "task_indicator_once": gettext_lazy("这个指标已经关联到这项任务。"),
    "milestone_number_once_in_task": gettext_lazy("这项任务已有同一序号的节点，请换一个序号。"),
    "milestone_title_once_in_task": gettext_lazy("这项任务已有同名的节点，请写明有什么不同。"),
    "milestone_number_from_one": gettext_lazy("节点的序号从 1 开始。"),
    "milestone_keeps_its_task": gettext_lazy("节点不能换到别的任务。"),
    "light_override_has_reason": gettext_lazy("调整灯色须写明原因。"),
    "light_threshold_spans_do_not_overlap": gettext_lazy("这段时间已有亮灯阈值：同一天只能有一套。"),
    "light_threshold_red_below_green": gettext_lazy("红灯上限须低于绿灯下限，两者都不大于 0。"),
    "light_threshold_span_not_empty": gettext_lazy("亮灯阈值的有效期不能为空。"),
    "headline_position_once": gettext_lazy("首要指标的次序不能重复。"),
    "headline_indicator_once": gettext_lazy("这个指标已是首要指标。"),
    # indicators
    "indicators_indicator_code_key": gettext_lazy("已有同一代码的指标，请换一个代码。"),
    "indicator_code_is_an_identifier": gettext_lazy("指标代码以英文字母开头，只含英文字母、数字、下划线和点，如 rd_expenditure。"),
    "indicator_minimum_below_maximum": gettext_lazy("下限须小于上限。"),
    "indicator_ratio_has_both_parts": gettext_lazy("比率的分子和分母要么都选，要么都不选。"),
    "indicator_decimals_fit": gettext_lazy("小数位最多 6 位。"),
    "indicator_entry_form_fits": gettext_lazy("时点数没有当期数或累计数之分，填报方式请选“按存储口径”。"),
    "definition_version_once": gettext_lazy("另一人刚刚修改了这个指标的定义，请刷新后再改。"),
    "definition_valid_from_once": gettext_lazy("这个起用日期已有同一版本的定义。"),
    "dependency_once": gettext_lazy("同一个指标只记一次依赖。"),
    "dependency_not_on_itself": gettext_lazy("公式不能引用指标自己。"),
    "dependencies_make_no_circle": gettext_lazy("公式绕了一圈又引用到这个指标自己，无法计算。"),
    "indicator_current_definition_is_its_own": gettext_lazy("现行定义须是这个指标自己的定义。"),
    # the index
    "index_node_code_once": gettext_lazy("框架里已有同一代码的节点。"),
    "index_node_one_root": gettext_lazy("一个框架只能有一个总指数。"),
    "weight_version_once": gettext_lazy("另一人刚刚保存了这个框架的权重，请刷新后再改。"),
    "weight_version_has_reason": gettext_lazy("请写明权重的依据或调整的理由。"),
    "weight_version_year_is_near": gettext_lazy("起用年份须在 1990 至 2100 之间。"),
    "index_framework_coverage_is_a_share": gettext_lazy("最低覆盖在 0 与 1 之间。"),
    "index_framework_noise_is_a_share": gettext_lazy("权重扰动在 0 与 1 之间。"),
    "index_node_position_once": gettext_lazy("同一框架里节点的次序不能重复。"),
    "index_node_is_not_its_own_parent": gettext_lazy("节点不能以自己为上级。"),
    "index_node_weight_from_zero": gettext_lazy("权重不能小于 0。"),
    "index_node_direction_is_a_sign": gettext_lazy("方向只能是 1（越高越好）或 -1（越低越好）。"),
    "index_node_only_leaves_are_supplied": gettext_lazy("只有末级指标才由登记的指标供数。"),
    "index_node_approximation_is_explained": gettext_lazy("近似口径须写明近似在哪里。"),
    "node_weight_once": gettext_lazy("同一版权重里一个节点只有一个权重。"),
    "node_weight_from_zero": gettext_lazy("权重不能小于 0。"),
    # documents and targets
    "document_number_once": gettext_lazy("已有同一文号的文件，请直接选用。"),
    "document_title_once": gettext_lazy("已有同一标题、同一日期的文件，请直接选用。"),
    "document_has_title": gettext_lazy("请填写文件标题。"),
    "target_once_in_document": gettext_lazy("这份文件已为该指标、地区和目标期设定过同一类型的目标：填错的请先撤回，有新要求的请另立文件。"),
    "target_range_has_upper": gettext_lazy("区间目标须填上限，且上限大于下限；其他类型不填上限。"),
    "target_baseline_period_needs_value": gettext_lazy("填了基期就要填基期值。"),
    "target_withdrawal_is_stamped": gettext_lazy("撤回目标须记下撤回人、时间和原因。"),
    "target_only_withdrawn": gettext_lazy("目标不能修改；填错的请撤回后重新设定，情况有变的请另立文件设定新目标。"),
    "target_withdrawn_has_no_supersession": gettext_lazy("这个目标替代了别的目标，或已被替代，不能撤回。"),
    "target_supersession_is_of_standing_targets": gettext_lazy("已撤回的目标不能替代别的目标，也不能被替代。"),
    "target_does_not_supersede_itself": gettext_lazy("目标不能替代自己。"),
    "target_supersedes_its_like": gettext_lazy("只能替代同一指标、同一地区的目标。"),
    "target_supersessions_make_no_circle": gettext_lazy("不能互相替代：这个目标已被要替代的目标替代。"),
    "target_supersession_has_reason": gettext_lazy("请写明替代的原因。"),
    "indicators_targetsupersession_superseded_id_key": gettext_lazy("这个目标已被另一个目标替代。"),
    "target_node_once": gettext_lazy("同一期间只能有一个目标节点。"),
    "target_node_share_in_unit": gettext_lazy("应完成比例在 0 与 1 之间。"),
    # rules and files of statistics
    "rule_version_once": gettext_lazy("另一人刚刚修改了这条规则，请刷新后再改。"),
    "rule_code_is_an_identifier": gettext_lazy("规则代码以小写英文字母开头，只含小写英文字母、数字和下划线。"),
    "rule_change_has_reason": gettext_lazy("修改规则须写明原因。"),
    "statistics_upload_content_goes_when_done": gettext_lazy("导入完成后不再保留文件。"),
    "statistics_upload_batch_when_done": gettext_lazy("导入完成才有批次。"),
    # assignments
    "assignment_is_of_one_kind": gettext_lazy("分工只能是一种：指标（须有地区）、节点，或任务的进展情况。"),
    "assignment_span_not_empty": gettext_lazy("分工的结束日期不能早于开始日期。"),
    "assignment_keeps_its_subject": gettext_lazy("分工的单位和内容不能改变；请结束这项分工，另立一项。"),
    "assignment_one_unit_reports_a_figure": gettext_lazy("同一数据同期只能由一个单位填报。"),
    "assignment_one_unit_reports_a_milestone": gettext_lazy("同一节点同期只能由一个单位填报。"),
    "assignment_one_unit_reports_a_narrative": gettext_lazy("同一任务的进展情况同期只能由一个单位填报。"),
    # rounds and returns
    "round_once_for_period": gettext_lazy("这一期间的批次已经开放过，没有重复创建。"),
    "indicators_round_code_key": gettext_lazy("已有同一代码的批次。"),
    "round_code_fits_an_address": gettext_lazy("批次代码只能含英文字母、数字和连字符。"),
    "round_dates_in_order": gettext_lazy("日期次序不对：开放时间早于截止时间，截止时间不晚于宽限日期，锁定不早于开放。"),
    "round_asks_no_range": gettext_lazy("批次的期间须是一个月、季度、半年或年，不能是一段区间。"),
    "round_keeps_its_period": gettext_lazy("批次的规划和期间不能改变。"),
    "return_once_for_round_and_unit": gettext_lazy("这个单位在本批次已有一张报表。"),
    "return_begins_as_draft": gettext_lazy("报表从草稿开始。"),
    "return_keeps_its_identity": gettext_lazy("报表的批次和单位不能改变。"),
    "return_version_rises": gettext_lazy("报表刚刚被他人修改，请刷新后再试。"),
    "return_skips_no_state": gettext_lazy("报表不能跳过步骤：草稿、提交、审核、接收依次办理。"),
    "return_submission_is_stamped": gettext_lazy("提交须记下提交人和时间。"),
    "return_approval_is_stamped": gettext_lazy("审核须记下审核人和时间。"),
    "return_acceptance_is_stamped": gettext_lazy("接收须记下接收人和时间。"),
    "return_approver_is_not_submitter": gettext_lazy("不能审核自己提交的报表。"),
    "return_accepter_is_a_third_person": gettext_lazy("接收人不能是提交人或审核人。"),
    "return_reviewer_is_not_author": gettext_lazy("不能审核或接收自己填报的内容。"),
    "return_accepted_by_another_unit": gettext_lazy("不能接收本处室的报表。"),
    "return_stamps_stay": gettext_lazy("已盖的章不能改动：提交、审核和接收各记一次。"),
    "return_step_back_has_reason": gettext_lazy("退回须写明理由。"),
    "line_once_for_assignment": gettext_lazy("这一行已在报表里。"),
    "line_value_or_missing": gettext_lazy("有数值就不是缺报：数值和缺报原因只能填一个。"),
    "line_qualifier_is_of_a_value": gettext_lazy("缺报的没有限定：“约”“超”“以上”等说的是数值。"),
    "line_entry_is_stamped": gettext_lazy("填写须记下填报人和时间。"),
    "line_keeps_its_identity": gettext_lazy("填报行不能换到别的报表或分工。"),
    "line_fits_its_kind": gettext_lazy("填报内容与分工不符：节点只填 1（已完成）或 0（未完成），进展情况只填文字，指标只填数值。"),
    "line_changes_only_while_open": gettext_lazy("报表已提交，不能再改；请先退回。"),
    "evidence_changes_only_while_open": gettext_lazy("报表已提交，佐证材料不能再增减；请先退回。"),
    "evidence_changes_only_while_pending": gettext_lazy("这项更正已经处理过，佐证材料不能再增减。"),
    "evidence_of_correction_is_of_who_asked": gettext_lazy("更正的佐证材料只能由申请人自己增减。"),
    "correction_one_pending_a_line": gettext_lazy("这一行已有一项更正待处理。"),
    "correction_has_reason": gettext_lazy("更正须写明原因。"),
    "correction_decision_is_stamped": gettext_lazy("处理更正须记下处理人和时间。"),
    "correction_qualifier_is_of_a_value": gettext_lazy("缺报的没有限定：“约”“超”“以上”等说的是数值。"),
    "correction_begins_pending": gettext_lazy("更正从待接收开始。"),
    "correction_is_of_an_accepted_line": gettext_lazy("只有已接收的数值才需要更正；未接收的请直接修改或退回。"),
    "correction_fits_its_kind": gettext_lazy("节点只能更正为 1（已完成）或 0（未完成）；文字进展不作更正。"),
    "correction_keeps_what_was_asked": gettext_lazy("更正申请提出后不能改动；请退回后重新申请。"),
    "correction_decided_by_another_unit": gettext_lazy("不能处理本处室数值的更正。"),
    "correction_decided_by_another": gettext_lazy("更正须由另一人处理。"),
    "correction_decided_is_final": gettext_lazy("这项更正已经处理过。"),
    "correction_return_has_reason": gettext_lazy("退回更正须写明理由。"),
    "correction_value_or_missing": gettext_lazy("更正为数值或缺报原因，二者取一。"),
}


def say(name: str) -> str | None:
    """The sentence for a constraint, or None where it has none."""
    if name.endswith("_is_known"):
        return gettext("所填的值不在可选的范围内，请从列出的选项中选取。")
    if name.endswith("_append_only"):
        return gettext("已登记的记录只能追加，不能修改或删除。")
    return str(SENTENCES[name]) if name in SENTENCES else None


def explain(error: IntegrityError) -> str | None:
    """The sentence for the constraint that refused, or None where it has none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return say(getattr(diagnosis, "constraint_name", None) or "")


@contextmanager
def explained() -> Iterator[None]:
    """Turn a refusal of the database into ``WrongState`` with a sentence; the outer transaction goes on.

    A constraint without a sentence is a defect of ours and is raised as it is.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        sentence = explain(error)
        if sentence is None:
            raise
        raise WrongState(sentence) from error
