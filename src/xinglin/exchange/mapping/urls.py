from django.urls import path

from xinglin.exchange.mapping import views

app_name = "exchange_mapping"

urlpatterns = [
    path("", views.mappings, name="mappings"),
    path("make/", views.make, name="make"),
    path("try/", views.attempt, name="try"),
    path("shipped/<str:mapping>/", views.shipped, name="shipped"),
    path("<int:id_>/", views.version, name="version"),
    path("<int:id_>/samples/", views.keep_sample, name="keep-sample"),
    path("<int:id_>/samples/<int:sample>/drop/", views.drop_sample, name="drop-sample"),
    path("<int:id_>/difference/<int:other>/", views.difference, name="difference"),
    path("<int:id_>/<str:what>/", views.step, name="step"),
]
