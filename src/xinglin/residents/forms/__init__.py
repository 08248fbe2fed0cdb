"""What residents and clerks are asked, one form a question."""

from xinglin.residents.forms.acting import ApproveForm, AskForm, InviteForm, RefuseForm
from xinglin.residents.forms.entering import (
    BindForm,
    CardForm,
    CodeForm,
    KioskForm,
    NameForm,
    PhoneForm,
    SignUpForm,
)
from xinglin.residents.forms.health import MeasurementForm, ReminderForm, SelfTestForm
from xinglin.residents.forms.sharing import ChoiceForm, PinForm, ShareForm

__all__ = [
    "ApproveForm",
    "AskForm",
    "BindForm",
    "CardForm",
    "ChoiceForm",
    "CodeForm",
    "InviteForm",
    "KioskForm",
    "MeasurementForm",
    "NameForm",
    "PhoneForm",
    "PinForm",
    "RefuseForm",
    "ReminderForm",
    "SelfTestForm",
    "ShareForm",
    "SignUpForm",
]
