from django.urls import path

from xinglin.residents.views import (
    constitution,
    desk,
    family,
    home,
    measurements,
    medicines,
    readers,
    signing,
)

app_name = "residents"

urlpatterns = [
    path("my/sign-in/", signing.sign_in, name="sign-in"),
    path("my/code/", signing.code, name="code"),
    path("my/sign-up/", signing.sign_up, name="sign-up"),
    path("my/sign-out/", signing.sign_out, name="sign-out"),
    path("my/", home.home, name="home"),
    path("my/card/", home.card, name="card"),
    path("my/card/code/", home.card_code, name="card-code"),
    path("my/card/freeze/", home.card_freeze, name="card-freeze"),
    path("my/constitution/", constitution.constitution, name="constitution"),
    path("my/constitution/ask/", constitution.ask, name="constitution-ask"),
    path("my/reminders/", medicines.remind, name="remind"),
    path("my/reminders/<int:number>/end/", medicines.remind_end, name="remind-end"),
    path("my/reminders/<int:number>/dose/", medicines.dose, name="dose"),
    path("my/measurements/", measurements.overview, name="measurements"),
    path("my/measurements/<str:code>/", measurements.one, name="measured"),
    path("my/measurements/<str:code>/withdraw/", measurements.withdraw, name="measured-withdraw"),
    path("my/readers/", readers.readers, name="readers"),
    path("my/family/", family.family, name="family"),
    path("my/family/switch/", family.switch, name="switch"),
    path("my/family/<int:number>/withdraw/", family.withdraw, name="withdraw"),
    path("my/account/", home.account, name="account"),
    path("my/account/phone/", home.phone, name="phone"),
    path("my/account/sessions/<int:number>/end/", home.session_end, name="session-end"),
    path("my/account/leave/", home.leave, name="leave"),
    path("my/kiosk/", desk.kiosk, name="kiosk"),
    path("my/kiosk/wait/", desk.kiosk_wait, name="kiosk-wait"),
    path("desk/residents/", desk.desk, name="desk"),
    path("desk/residents/requests/<int:number>/", desk.request_page, name="request"),
    path("desk/residents/requests/<int:number>/evidence/", desk.evidence, name="evidence"),
    path("desk/residents/bind/", desk.bind, name="bind"),
    path("desk/residents/accounts/", desk.holders, name="holders"),
    path("desk/residents/kiosk/", desk.open_kiosk, name="open-kiosk"),
]
