from django.urls import path

from xinglin.consent.views import decisions, inbox

app_name = "consent"

urlpatterns = [
    path("residents/<str:patient>/consent/", decisions.decisions, name="decisions"),
    path("residents/<str:patient>/consent/paper/", decisions.blank, name="blank"),
    path("residents/<str:patient>/consent/<str:consent>/", decisions.change, name="change"),
    path("residents/<str:patient>/consent/<str:consent>/paper/", decisions.paper, name="paper"),
    path("notices/", inbox.inbox, name="notices"),
    path("notices/read/", inbox.read, name="read"),
]
