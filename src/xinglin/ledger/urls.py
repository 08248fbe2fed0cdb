from django.urls import path

from xinglin.ledger.views import audits, files, pages

app_name = "ledger"

urlpatterns = [
    path("log/checkpoint", files.checkpoint, name="checkpoint"),
    path("log/tile/<path:path>", files.tile, name="tile"),
    path("log/policy", files.policy, name="policy"),
    path("log/proof/inclusion", files.inclusion, name="inclusion"),
    path("log/proof/consistency", files.consistency, name="consistency"),
    path("", pages.state, name="state"),
    path("entries/", pages.listing, name="entries"),
    path("entries/<int:index>/", pages.entry, name="entry"),
    path("entries/<int:index>/proof", pages.proof, name="proof"),
    path("entries/<int:index>/event/", pages.event, name="event"),
    path("entries/<int:index>/certificate/", pages.certificate, name="certificate"),
    path("own/", pages.own, name="own"),
    path("verify/", pages.verify, name="verify"),
    path("audits/", audits.audits, name="audits"),
    path("audits/ask/", audits.ask, name="ask"),
    path("alarms/<int:number>/settle/", audits.settle, name="settle"),
]
