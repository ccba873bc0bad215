"""Tasks of other libraries, NeuroGym and PsychRNN, as tasks of neurotrain."""
