from django.urls import path

from xinglin.tcm.safety import interface, views

app_name = "tcm-safety"

urlpatterns = [
    path("", views.desk, name="desk"),
    path("findings/", views.findings, name="findings"),
    path("check", interface.check, name="check"),
    path("rules/", views.rules_page, name="rules"),
    path("figures/", views.figures, name="figures"),
]
