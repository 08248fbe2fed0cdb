from django.urls import path

from xinglin.exchange.onboarding import machines, views

app_name = "exchange-onboarding"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("new/", views.new, name="new"),
    path("in", machines.samples, name="in"),
    path("points/", views.points_, name="points"),
    path("<int:number>/", views.one, name="one"),
    path("<int:number>/print/", views.printed, name="print"),
    path("<int:number>/samples/", views.hand_in, name="hand-in"),
    path("<int:number>/key/", views.give_key, name="key"),
    path("<int:number>/again/", views.again, name="again"),
    path("<int:number>/samples/<int:sample>/", views.sample_, name="sample"),
    path("<int:number>/samples/<int:sample>/remove/", views.remove, name="remove"),
    path("<int:number>/let-in/", views.let_in, name="let-in"),
    path("<int:number>/stop/", views.stop, name="stop"),
    path("<int:number>/resume/", views.resume, name="resume"),
]
