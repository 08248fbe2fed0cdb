from django.urls import path

from xinglin.exchange.onboarding import views

app_name = "exchange-onboarding"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("begin/", views.begin, name="begin"),
    path("<int:number>/", views.one, name="one"),
    path("<int:number>/trials/<int:at>/", views.trial, name="trial"),
    path("<int:number>/let-in/", views.let_in, name="let-in"),
    path("<int:number>/stop/", views.stop, name="stop"),
]
