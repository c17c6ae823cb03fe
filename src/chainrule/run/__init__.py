"""The recorded history of a training: which steps are kept, how they are written, and how they are read again."""

from chainrule.run.arguments import Shown
from chainrule.run.history import History, open_run
from chainrule.run.references import LeftOut
from chainrule.run.schedule import NEVER, Schedule
from chainrule.run.store import Recording

__all__ = ["NEVER", "History", "LeftOut", "Recording", "Schedule", "Shown", "open_run"]
