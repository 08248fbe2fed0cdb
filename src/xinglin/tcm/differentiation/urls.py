from django.urls import path

from xinglin.tcm.differentiation import views

app_name = "tcm-differentiation"

urlpatterns = [
    path("", views.start, name="start"),
    path("choose/", views.choose, name="choose"),
    path("measured/", views.measured, name="measured"),
    path("propose", views.propose, name="propose"),
]
