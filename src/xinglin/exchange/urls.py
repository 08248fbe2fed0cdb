from django.urls import path

from xinglin.exchange.views import message, monitor, quarantine, senders

app_name = "exchange"

urlpatterns = [
    path("", monitor.monitor, name="monitor"),
    path("messages/", monitor.messages_, name="messages"),
    path("messages/<str:receipt>/", message.message, name="message"),
    path("messages/<str:receipt>/raw/", message.raw, name="raw"),
    path("messages/<str:receipt>/edit/", message.edit, name="edit"),
    path("messages/<str:receipt>/replay/", message.replay, name="replay"),
    path("messages/<str:receipt>/discard/", message.discard, name="discard"),
    path("messages/<str:receipt>/return/", message.bring_back, name="return"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/replay/", quarantine.replay, name="replay-many"),
    path("quarantine/discard/", quarantine.discard, name="discard-many"),
    path("quarantine/jobs/<str:job>/", quarantine.job, name="job"),
    path("senders/", senders.senders_, name="senders"),
    path("senders/new/", senders.new, name="sender-new"),
    path("senders/<str:code>/", senders.sender, name="sender"),
    path("senders/<str:code>/key/", senders.renew_key, name="sender-key"),
    path("senders/<str:code>/active/", senders.set_active, name="sender-active"),
]
