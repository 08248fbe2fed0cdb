from django.urls import path

from xinglin.exchange.nodes.views import machines, pages, visitors

app_name = "exchange-nodes"

urlpatterns = [
    path("", pages.listing, name="listing"),
    path("own/", pages.own, name="own"),
    path("register/", pages.register, name="register"),
    path("visitors/", visitors.begin, name="visitors"),
    path("visitors/<str:patient>/", visitors.visitor, name="visitor"),
    path("answers/<str:number>/", visitors.answer, name="answer"),
    path("key", machines.key, name="key"),
    path("in", machines.take, name="in"),
    path("locate", machines.locate, name="locate"),
    path("query", machines.query, name="query"),
    path("index-key", machines.index_key, name="index-key"),
    path("at/<str:code>/", pages.one, name="one"),
    path("at/<str:code>/subscribe/", pages.subscribe, name="subscribe"),
    path("at/<str:code>/<slug:verb>/", pages.act, name="act"),
    path("forwarding/<int:number>/<slug:verb>/", pages.act_on, name="act-on"),
]
