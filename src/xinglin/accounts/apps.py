from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "xinglin.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 -- after the applications are loaded

        from xinglin.accounts import hindrances, sessions  # noqa: PLC0415 -- as above
        from xinglin.record import tasks  # noqa: PLC0415 -- as above

        user_logged_in.connect(sessions.begin, dispatch_uid="xinglin.accounts.sessions")
        tasks.offer("old failures to sign in removed", lambda _, now: hindrances.forget(now=now))
        tasks.offer("old sessions removed", lambda _, now: sessions.forget(now=now))
