from django.urls import path

from xinglin.healthcard import interface
from xinglin.healthcard.views import batching, counter, lists, people, showing

app_name = "healthcard"

urlpatterns = [
    path("", counter.counter, name="counter"),
    path("scan/", counter.scan, name="scan"),
    path("find/", counter.find, name="find"),
    path("verify", interface.verify, name="verify"),
    path("keys", interface.public_keys, name="keys"),
    path("list/", lists.cards, name="list"),
    path("list.csv", lists.export, name="export"),
    path("uses/", lists.uses, name="uses"),
    path("batches/", batching.all_batches, name="batches"),
    path("batches/<str:batch>/", batching.batch, name="batch"),
    path("batches/<str:batch>/cancel/", batching.cancel, name="batch-cancel"),
    path("patient/<str:patient>/", people.of_patient, name="patient"),
    path("person/<str:person>/", people.person, name="person"),
    path("person/<str:person>/issue/", people.issue, name="issue"),
    path("person/<str:person>/bind/", people.bind, name="bind"),
    path("person/<str:person>/bindings/<int:binding>/revoke/", people.revoke, name="revoke"),
    path("person/<str:person>/uses.csv", lists.person_uses, name="person-uses"),
    path("<int:card>/show/", showing.show, name="show"),
    path("<int:card>/code/", showing.code, name="code"),
    path("<int:card>/print/", showing.paper, name="print"),
    path("<int:card>/receipt/", showing.receipt, name="receipt"),
    path("<int:card>/emergency/", counter.emergency, name="emergency"),
    path("<int:card>/<str:act>/", people.change, name="change"),
]
