from django.urls import path

from xinglin.identity.views import (
    archives,
    finding,
    households,
    linking,
    overview,
    persons,
    register,
    reviews,
)

app_name = "identity"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("sample/", overview.draw, name="draw"),
    path("reviews/", reviews.queue, name="reviews"),
    path("reviews/confirming/", reviews.confirming, name="confirming"),
    path("reviews/next/", reviews.upcoming, name="next"),
    path("reviews/undo/", reviews.undo, name="undo"),
    path("reviews/<str:review>/", reviews.review, name="review"),
    path("reviews/<str:review>/decide/", reviews.decide, name="decide"),
    path("reviews/<str:review>/later/", reviews.later, name="later"),
    path("reviews/<str:review>/reopen/", reviews.reopen, name="reopen"),
    path("reviews/<str:review>/confirm/", reviews.confirm, name="confirm"),
    path("reviews/<str:review>/reveal/", reviews.reveal, name="review-reveal"),
    path("find/", finding.find, name="find"),
    path("register/", register.division, name="register"),
    path("register/list/", register.listed, name="list"),
    path("register/list.csv", register.export, name="export"),
    path("register/counts/", register.load_counts, name="counts"),
    path("register/refresh/", register.refresh, name="refresh"),
    path("register/progress/", register.progress, name="progress"),
    path("register/<str:code>/", register.division, name="division"),
    path("archives/", archives.listed, name="archives"),
    path("archives/<str:number>/", archives.archive, name="archive"),
    path("households/<str:household>/", households.household, name="household"),
    path("households/<str:household>/group.json", households.group, name="group"),
    path("<str:person>/", persons.person, name="person"),
    path("<str:person>/reveal/", persons.reveal, name="reveal"),
    path("<str:person>/merge/", linking.merge, name="merge"),
    path("<str:person>/unmerge/<int:event>/", linking.unmerge, name="unmerge"),
    path("<str:person>/split/", linking.split, name="split"),
    path("<str:person>/declare/", linking.declare, name="declare"),
    path("<str:person>/lift/", linking.lift, name="lift"),
    path("<str:person>/report/", linking.report, name="report"),
]
