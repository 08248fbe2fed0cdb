from django.urls import path

from xinglin.clinic.views import desk, doctor, papers, pharmacy, till, treatment

app_name = "clinic"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("register/", desk.register, name="register"),
    path("queue/", desk.queue, name="queue"),
    path("queue/call/", desk.call, name="call"),
    path("wall/", desk.wall, name="wall"),
    path("visits/<int:visit>/", doctor.visit, name="visit"),
    path("visits/<int:visit>/to/<slug:to>/", desk.move, name="move"),
    path("visits/<int:visit>/record/", doctor.record, name="record"),
    path("visits/<int:visit>/proposal/", doctor.proposal, name="proposal"),
    path("visits/<int:visit>/check/", doctor.check, name="check"),
    path("visits/<int:visit>/prescribe/", doctor.prescribe, name="prescribe"),
    path("visits/<int:visit>/plan/", doctor.plan, name="plan"),
    path("visits/<int:visit>/bill/", till.bill, name="bill"),
    path("visits/<int:visit>/pay/", till.pay, name="pay"),
    path("visits/<int:visit>/account/", till.account, name="account"),
    path("prescriptions/<int:prescription>/void/", doctor.void, name="void"),
    path("prescriptions/<int:prescription>/second/", doctor.second, name="second"),
    path("prescriptions/<int:prescription>/print/", papers.prescription, name="prescription-paper"),
    path("till/", till.till, name="till"),
    path("till/close/", till.close, name="close"),
    path("till/closes/<int:close>/", papers.close, name="close-paper"),
    path("payments/<int:payment>/refund/", till.refund, name="refund"),
    path("payments/<int:payment>/print/", papers.receipt, name="receipt"),
    path("pharmacy/", pharmacy.pharmacy, name="pharmacy"),
    path("pharmacy/<int:prescription>/", pharmacy.dispense, name="dispense"),
    path("stock/", pharmacy.stock, name="stock"),
    path("stock/<int:batch>/", pharmacy.batch, name="batch"),
    path("prices/", pharmacy.prices, name="prices"),
    path("treatment/", treatment.treatment, name="treatment"),
    path("treatment/<int:plan>/", treatment.course, name="course"),
]
