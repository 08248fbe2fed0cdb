from django.urls import path

from xinglin.codebook.mapping import desk, publishing, views

app_name = "mapping"

urlpatterns = [
    path("", views.books, name="books"),
    path("new/", views.new, name="new"),
    path("collect/", views.collect, name="collect"),
    path("<int:book>/", desk.desk, name="desk"),
    path("<int:book>/decide/", desk.decide, name="decide"),
    path("<int:book>/look/", desk.look, name="look"),
    path("<int:book>/undo/", desk.undo, name="undo"),
    path("<int:book>/search/", desk.search, name="search"),
    path("<int:book>/bulk/", publishing.bulk, name="bulk"),
    path("<int:book>/publish/", publishing.publish, name="publish"),
    path("<int:book>/history/", publishing.history, name="history"),
    path("<int:book>/export.<str:form>", publishing.export, name="export"),
    path("<int:book>/delete/", views.delete, name="delete"),
]
