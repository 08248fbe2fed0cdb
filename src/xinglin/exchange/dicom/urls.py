from django.urls import path

from xinglin.exchange.dicom import views

app_name = "exchange-dicom"

urlpatterns = [
    path("", views.studies, name="studies"),
    path("held/", views.held, name="held"),
    path("held/<int:number>/", views.held_one, name="held-one"),
    path("held/<int:number>/discard/", views.discard, name="discard"),
    path("arrivals/", views.arrivals, name="arrivals"),
    path("<str:study>/", views.study, name="study"),
    path("<str:study>/thumbnail/", views.thumbnail, name="thumbnail"),
    path("<str:study>/<str:series>/<str:instance>/", views.picture, name="picture"),
]
