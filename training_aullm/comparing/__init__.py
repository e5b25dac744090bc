"""Methods side by side on the same people: who is tested by what, in pieces that may be killed and shared out."""
