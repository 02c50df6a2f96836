from .assignment import Assignment
from .correction import Correction
from .document import Document
from .evidence import Evidence
from .framework import Aggregate, IndexFramework, IndexNode, NodeWeight, Normalise, WeightVersion
from .index_score import IndexEstimate, IndexMark, IndexScore
from .indicator import Breakdown, Indicator, IndicatorDefinition, IndicatorDependency
from .light import Light, LightOverride
from .line import InForce, Line, LineEntry
from .milestone import Milestone
from .milestone_version import MilestoneVersion
from .observation import ImportBatch, Observation, RegisterCount
from .period import Period
from .plan import Aspect, HeadlineIndicator, LightThreshold, Plan
from .report import Return, ReturnStep
from .result import Result
from .round import Round
from .round_version import RoundVersion
from .rule import Rule
from .run import Heartbeat, RecomputeRun, StaleMark
from .statistics_upload import StatisticsUpload
from .target import Target, TargetNode, TargetSupersession
from .task import Task, TaskIndicator, TaskStep
from .task_version import TaskVersion
from .values import MissingReason, Qualifier, Status

__all__ = [
    "Aggregate",
    "Aspect",
    "Assignment",
    "Breakdown",
    "Correction",
    "Document",
    "Evidence",
    "HeadlineIndicator",
    "Heartbeat",
    "ImportBatch",
    "InForce",
    "IndexEstimate",
    "IndexFramework",
    "IndexMark",
    "IndexNode",
    "IndexScore",
    "Indicator",
    "IndicatorDefinition",
    "IndicatorDependency",
    "Light",
    "LightOverride",
    "LightThreshold",
    "Line",
    "LineEntry",
    "Milestone",
    "MilestoneVersion",
    "MissingReason",
    "NodeWeight",
    "Normalise",
    "Observation",
    "Period",
    "Plan",
    "Qualifier",
    "RecomputeRun",
    "RegisterCount",
    "Result",
    "Return",
    "ReturnStep",
    "Round",
    "RoundVersion",
    "Rule",
    "StaleMark",
    "StatisticsUpload",
    "Status",
    "Target",
    "TargetNode",
    "TargetSupersession",
    "Task",
    "TaskIndicator",
    "TaskStep",
    "TaskVersion",
    "WeightVersion",
]
