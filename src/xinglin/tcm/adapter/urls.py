from django.urls import path

from xinglin.tcm.adapter.views import desk, frames, machines, opening

app_name = "tcm-adapter"

urlpatterns = [
    path("", desk.systems, name="systems"),
    path("systems/<slug:code>/", desk.system, name="system"),
    path("systems/<slug:code>/key/", desk.secret, name="secret"),
    path("systems/<slug:code>/active/", desk.active, name="active"),
    path("systems/<slug:code>/doctors/", desk.doctor, name="doctor"),
    path("open", opening.open_, name="open"),
    path("messages", machines.messages_, name="messages"),
    path("outcomes", machines.outcomes, name="outcomes"),
    path("frame/differentiation/", frames.differentiation, name="differentiation"),
    path("frame/prescription/", frames.prescription, name="prescription"),
    path("frame/record/", frames.record, name="record"),
    path("frame/hand-back/", frames.hand_back, name="hand-back"),
    path("frame/outcome/<slug:kind>/", frames.outcome, name="outcome"),
]
