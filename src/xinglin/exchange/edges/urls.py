from django.urls import path

from xinglin.exchange.edges import views

app_name = "exchange-edges"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("<str:sender>/", views.one, name="one"),
    path("<str:sender>/state", views.state, name="state"),
]
