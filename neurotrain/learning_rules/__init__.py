"""Learning rules for networks of rate units, in PyTorch: local rules, and predictive coding."""

from neurotrain.learning_rules import predictive_coding, torch2pc
from neurotrain.learning_rules.activations import Activation, softplus
from neurotrain.learning_rules.course import Course, learn
from neurotrain.learning_rules.data import Images, digits, glyphs, mnist_5k
from neurotrain.learning_rules.episodes import Episode, Episodes
from neurotrain.learning_rules.feedback import (
    Backpropagation,
    DirectFeedbackAlignment,
    Feedback,
    FeedbackAlignment,
)
from neurotrain.learning_rules.fixed_point_rules import drive_slope, fixed_point_change
from neurotrain.learning_rules.fixed_points import (
    FixedPoints,
    solve_fixed_points,
    spectral_abscissa,
)
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.learner import Learner
from neurotrain.learning_rules.measures import (
    angle,
    effective_rank,
    measure_layers,
    orthonormality_error,
    participation_ratio,
)
from neurotrain.learning_rules.meta_learning import MetaLearning, Outcome
from neurotrain.learning_rules.meta_training import MetaTraining, meta_learn
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.recurrent_learner import RecurrentLearner
from neurotrain.learning_rules.recurrent_network import RecurrentNetwork, RecurrentWeights
from neurotrain.learning_rules.rule import Rule
from neurotrain.learning_rules.rule_text import rule_from_text
from neurotrain.learning_rules.terms import Product, Term, term, term_names
from neurotrain.learning_rules.unrolled import unroll

__all__ = [
    "Activation",
    "Backpropagation",
    "Course",
    "DirectFeedbackAlignment",
    "Episode",
    "Episodes",
    "Feedback",
    "FeedbackAlignment",
    "FeedforwardNetwork",
    "FixedPoints",
    "Images",
    "LayerView",
    "Learner",
    "MetaLearning",
    "MetaTraining",
    "Outcome",
    "Product",
    "RecurrentLearner",
    "RecurrentNetwork",
    "RecurrentWeights",
    "Rule",
    "Term",
    "angle",
    "digits",
    "drive_slope",
    "effective_rank",
    "fixed_point_change",
    "glyphs",
    "learn",
    "measure_layers",
    "meta_learn",
    "mnist_5k",
    "orthonormality_error",
    "participation_ratio",
    "predictive_coding",
    "rule_from_text",
    "softplus",
    "solve_fixed_points",
    "spectral_abscissa",
    "term",
    "term_names",
    "unroll",
    "torch2pc",
]
