from django.urls import path

from xinglin.exchange.subscriptions import views

app_name = "exchange-subscriptions"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("<slug:number>/decide/", views.decide, name="decide"),
    path("fhir/Subscription", views.resource, name="all"),
    path("fhir/Subscription/<slug:number>", views.resource, name="one"),
]
