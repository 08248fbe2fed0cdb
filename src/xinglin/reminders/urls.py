from django.urls import path

from xinglin.reminders import interface, views

app_name = "reminders"

urlpatterns = [
    path("cds-services", interface.discovery, name="discovery"),
    path("cds-services/<str:id_>", interface.serve, name="service"),
    path("cds-services/<str:id_>/feedback", interface.feedback, name="feedback"),
    path("reminders/", views.board, name="board"),
    path("reminders/rules/", views.listing, name="rules"),
    path("reminders/rules/<slug:id_>/", views.rule_page, name="rule"),
    path("reminders/rules/<slug:id_>/try/", views.try_rule, name="try"),
    path("reminders/rules/<slug:id_>/state/", views.decide, name="decide"),
    path("reminders/patients/<str:patient>/", views.cards, name="patient"),
    path("reminders/cards/<uuid:card>/accept/", views.accept, name="accept"),
    path("reminders/cards/<uuid:card>/override/", views.override, name="override"),
]
