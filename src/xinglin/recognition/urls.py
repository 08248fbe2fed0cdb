from django.urls import path

from xinglin.recognition import interface
from xinglin.recognition.views import boards, catalogue, checking, disputes, standing

app_name = "recognition"

urlpatterns = [
    path("", checking.start, name="start"),
    path("of/<str:patient>/", checking.check, name="check"),
    path("of/<str:patient>/decide/", checking.decide, name="decide"),
    path("board/", boards.board, name="board"),
    path("decisions/", boards.decisions, name="decisions"),
    path("disputes/", disputes.listing, name="disputes"),
    path("disputes/<int:shard>/<int:number>/", disputes.one, name="dispute"),
    path("catalogue/", catalogue.listing, name="catalogue"),
    path("catalogue/file/", catalogue.file, name="catalogue-file"),
    path("catalogue/versions/", catalogue.versions_page, name="versions"),
    path("catalogue/upload/", catalogue.upload, name="upload"),
    path("institutions/", standing.listing, name="institutions"),
    path("candidates", interface.candidates, name="candidates"),
    path("decisions", interface.decisions, name="decide-by-machine"),
]
