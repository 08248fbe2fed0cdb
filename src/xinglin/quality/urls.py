from django.urls import path

from xinglin.quality.views import board, editor, months, problems, rows, rules

app_name = "quality"

urlpatterns = [
    path("", board.board, name="board"),
    path("institutions/<str:id_>/", board.scorecard, name="institution"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", editor.new, name="rule-new"),
    path("rules/<str:id_>/", rules.rule, name="rule"),
    path("rules/<str:id_>/edit/", editor.edit, name="rule-edit"),
    path("rules/<str:id_>/undo/", editor.undo, name="rule-undo"),
    path("rows/<str:table>/<str:self_>/<int:part>/", rows.row, name="row"),
    path("problems/", problems.problems, name="problems"),
    path("problems/<int:number>/", problems.problem, name="problem"),
    path("problems/<int:number>/sample/", problems.sample, name="sample"),
    path("problems/<int:number>/notice/", problems.notice, name="notice"),
    path("tasks/", problems.tasks, name="tasks"),
    path("months/", months.months, name="months"),
    path("months/<str:month>/", months.month, name="month"),
]
