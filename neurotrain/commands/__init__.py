"""The commands of `neurotrain`, each a function that adds its arguments to a parser."""

from neurotrain.commands.comparing import add_compare
from neurotrain.commands.exporting import add_export
from neurotrain.commands.listing import add_list
from neurotrain.commands.measuring import add_bench, add_doctor, add_reproduce
from neurotrain.commands.sweeping import add_sweep
from neurotrain.commands.training import (
    add_evaluate,
    add_plot,
    add_report,
    add_resume,
    add_train,
)
from neurotrain.commands.trusting import add_trust
from neurotrain.commands.watching import add_watch

COMMANDS = {
    "list": add_list,
    "train": add_train,
    "resume": add_resume,
    "watch": add_watch,
    "sweep": add_sweep,
    "evaluate": add_evaluate,
    "plot": add_plot,
    "report": add_report,
    "export": add_export,
    "compare": add_compare,
    "reproduce": add_reproduce,
    "bench": add_bench,
    "doctor": add_doctor,
    "trust": add_trust,
}
