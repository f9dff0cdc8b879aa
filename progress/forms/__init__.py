"""Reading what people type about progress, one module per noun; nothing here saves."""

from progress.forms.checks import CheckForm, DrawForm
from progress.forms.entries import EntryForm, SlotForm, initial_of
from progress.forms.evidence import EvidenceForm, EvidenceOffForm, EvidenceStageForm, PairForm
from progress.forms.reviews import BatchForm
from progress.forms.steps import CorrectionForm, OpinionForm, ReturnForm, StepForm

__all__ = [
    "BatchForm",
    "CheckForm",
    "CorrectionForm",
    "DrawForm",
    "EntryForm",
    "EvidenceForm",
    "EvidenceOffForm",
    "EvidenceStageForm",
    "OpinionForm",
    "PairForm",
    "ReturnForm",
    "SlotForm",
    "StepForm",
    "initial_of",
]
