"""What the page of a run looks like, and what it says of each figure."""

# In the order of the page, what each figure is called, and what it shows: its text for those
# who cannot see it.
TEXTS = {
    "learning-curve": (
        "Learning",
        "Loss, accuracy and activity in each generation: of the candidates in training, of the "
        "guess in validation, and of the result on the test.",
    ),
    "psychometric": (
        "Psychometric curve",
        "Accuracy of the trained network against the strength of the stimulus, with 95% intervals.",
    ),
    "delay-curve": (
        "Delay curve",
        "Accuracy of the trained network against the delay, with 95% intervals.",
    ),
    "psth": (
        "Spikes and rates",
        "The neurons that differ most between classes or conditions: spikes trial by trial, and "
        "mean rates in time; the decision period is shaded.",
    ),
    "trajectories": (
        "Trajectories",
        "Mean activity in each class or condition, smoothed in time, in the plane of its first two "
        "principal components: from the circle to the square, thick in the decision period.",
    ),
    "weights": (
        "Weights",
        "Trained weights to each row from each column, in SI units: red is positive, blue "
        "negative, gray is no synapse.",
    ),
    "rates": (
        "Firing rates",
        "How the firing rates of neurons are spread at each validation: median, middle half, "
        "and 5 to 95%.",
    ),
    "rasters": (
        "Single trials",
        "The trained network on typical trials: spikes of all neurons, voltages of the most "
        "active ones, and the decision as it forms.",
    ),
    "before-after": (
        "Before and after training",
        "The untrained and the trained network on the same trial: spikes, voltages and the "
        "decision as it forms.",
    ),
}

# Figures of several panels take two columns or all; on a narrow screen they scroll.
SPANS = {"learning-curve": "two", "psth": "two", "weights": "two", "before-after": "two"}
SPANS |= {"rasters": "all"}

CSS = """
:root { color-scheme: light dark; --ink: #222; --faint: #666; --line: #d4d4d4;
  --page: #f6f6f4; --card: #fff; --link: #00588a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --faint: #a6a6a6; --line: #444; --page: #171717; --card: #222;
    --link: #7cc4ee }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1200px; padding: 1rem; background: var(--page);
  color: var(--ink); font: 16px/1.45 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere }
h2 { margin: 0; font-size: 1rem }
header p { margin: .2rem 0 1rem; color: var(--faint); overflow-wrap: anywhere }
a { color: var(--link) }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
  gap: .75rem; margin: 0 0 1rem }
.numbers div, figure, details { background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: .75rem }
dt, figure p { color: var(--faint); font-size: .875rem }
dd { margin: 0; font-size: .875rem; overflow-wrap: anywhere }
dd b { display: block; font-size: 1.375rem; line-height: 1.25 }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  grid-auto-flow: dense; gap: .75rem }
figure { margin: 0; min-width: 0 }
figure p { margin: .5rem 0 0 }
figcaption { display: flex; justify-content: space-between; align-items: baseline }
.all { grid-column: 1 / -1 }
@media (min-width: 720px) { .two { grid-column: span 2 } }
.paper { background: #fff; border-radius: 4px; margin-top: .5rem; overflow-x: auto }
img { display: block; width: 100%; max-width: 480px; height: auto; margin: 0 auto }
.two img, .all img { min-width: 540px; max-width: 760px }
.all img { max-width: 900px }
details { margin-top: .75rem; overflow-x: auto }
summary { font-weight: 600; cursor: pointer }
table { border-collapse: collapse; margin-top: .5rem; font-size: .875rem; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 400; color: var(--faint); width: 54% }
"""
