"""Hypothesis without its own time limits: a busy machine is not a failure."""

import hypothesis

hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
