from django.urls import path

from xinglin.tcm.constitution import views

app_name = "tcm-constitution"

urlpatterns = [
    path("", views.start, name="start"),
    path("rates/", views.rates, name="rates"),
    path("due/", views.due, name="due"),
    path("<str:patient>/", views.person_page, name="person"),
    path("<str:patient>/interview/", views.interview, name="interview"),
    path("<str:patient>/print/<str:result>/", views.paper, name="paper"),
    path("<str:patient>/enrol/", views.enrol, name="enrol"),
    path("<str:patient>/serve/", views.serve, name="serve"),
]
