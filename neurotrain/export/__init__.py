"""What was simulated as Neo objects, and those in files that other programs read."""

from neurotrain.export.files import read_block, write_block
from neurotrain.export.monitors import from_monitors
from neurotrain.export.trial_block import to_neo

__all__ = ["from_monitors", "read_block", "to_neo", "write_block"]
