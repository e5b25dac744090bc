"""What Gradio keeps of a session: as long as the page promises, and nothing of what it has answered with.

Its own keeps the states of a page that was closed for an hour, whatever `time_to_live` says, and the contents of the
last answer, pictures too, until so many others have come that there is no room for more.

Tested in tests/space_app/test_sessions.py.
"""

from datetime import datetime, timedelta

from gradio import routes, state_holder


class OwnSession(state_holder.SessionState):
    """A session without the contents of answers, which Gradio keeps for links to a page as it stands; ours has none."""

    def _update_value_in_config(self, key: int, value: object) -> None:
        pass


class OwnSessions(state_holder.StateHolder):
    """All sessions; each is forgotten whole when it ends, or was not used for as long as its states may last.

    Args:
        keep_seconds: that is.
    """

    def __init__(self, keep_seconds: float) -> None:
        super().__init__()
        self.keep = timedelta(seconds=keep_seconds)

    def delete_all_expired_state(self) -> None:
        """Gradio asks for it every second."""
        for session, used in list(self.time_last_used.items()):
            if datetime.now() - used > self.keep:
                self.forget(session)
        for session in list(self.session_data):
            self.delete_state(session, expired_only=True)

    def forget(self, session: str | None) -> None:
        """A page that comes back under the same name begins anew."""
        with self.lock:
            self.session_data.pop(session, None)
            self.time_last_used.pop(session, None)


def keep_sessions(keep_seconds: float) -> None:
    """From now on a page that is served keeps sessions so."""
    state_holder.SessionState = OwnSession
    routes.StateHolder = lambda: OwnSessions(keep_seconds)
