"""Mines, parcels with their stages, works and money, what is monitored, and the standards all is held against."""

from subsidence.models.imports import ParcelImport, ParcelImportRow
from subsidence.models.mines import Mine, MineStatus
from subsidence.models.money import Funding, FundingKind, FundingSource
from subsidence.models.monitoring import Reading, SubsidencePoint
from subsidence.models.parcels import (
    Boundary,
    CutOff,
    DamageGrade,
    LandClass,
    Origin,
    Parcel,
    Settlement,
    SuitedUse,
    TreatmentDuty,
)
from subsidence.models.stages import ParcelStage, RequestStatus, Stage, StageRequest
from subsidence.models.standards import DamageLimit, QualityLimit, Rule, RuleKind
from subsidence.models.stock import Movement, StockMovement
from subsidence.models.works import Moment, ParcelPhoto, QualityResult, Work, WorkKind

__all__ = [
    "Boundary",
    "CutOff",
    "DamageGrade",
    "DamageLimit",
    "Funding",
    "FundingKind",
    "FundingSource",
    "LandClass",
    "Mine",
    "MineStatus",
    "Moment",
    "Movement",
    "Origin",
    "Parcel",
    "ParcelImport",
    "ParcelImportRow",
    "ParcelPhoto",
    "ParcelStage",
    "QualityLimit",
    "QualityResult",
    "Reading",
    "RequestStatus",
    "Rule",
    "RuleKind",
    "Settlement",
    "Stage",
    "StageRequest",
    "StockMovement",
    "SubsidencePoint",
    "SuitedUse",
    "TreatmentDuty",
    "Work",
    "WorkKind",
]
