"""Tasks, one file each: what a network is asked to do."""

from .context_dependent_integration import ContextDependentIntegration
from .delayed_comparison import DelayedComparison
from .delayed_match_to_sample import DelayedMatchToSample, WorkingMemory
from .go_no_go import GoNoGo
from .integration_memory import IntegrationMemory
from .pattern_generation import PatternGeneration
from .perceptual_decision import PerceptualDecision
from .reach import Reach
from .ready_set_go import ReadySetGo
from .stimulus_integration import StimulusIntegration
from .temporal_xor import TemporalXor
from .three_bit_memory import ThreeBitMemory
from .two_pool_decision import TwoPoolDecision

__all__ = [
    "TASKS",
    "ContextDependentIntegration",
    "DelayedComparison",
    "DelayedMatchToSample",
    "GoNoGo",
    "IntegrationMemory",
    "PatternGeneration",
    "PerceptualDecision",
    "Reach",
    "ReadySetGo",
    "StimulusIntegration",
    "TemporalXor",
    "ThreeBitMemory",
    "TwoPoolDecision",
    "WorkingMemory",
]

TASKS = {
    "context-dependent-integration": ContextDependentIntegration,
    "delayed-comparison": DelayedComparison,
    "delayed-match-to-sample": DelayedMatchToSample,
    "go-no-go": GoNoGo,
    "integration-memory": IntegrationMemory,
    "pattern-generation": PatternGeneration,
    "perceptual-decision": PerceptualDecision,
    "reach": Reach,
    "ready-set-go": ReadySetGo,
    "stimulus-integration": StimulusIntegration,
    "temporal-xor": TemporalXor,
    "three-bit-memory": ThreeBitMemory,
    "two-pool-decision": TwoPoolDecision,
    "working-memory": WorkingMemory,
}
