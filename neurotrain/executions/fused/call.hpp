// What every generated kernel is made of besides arithmetic: what a call brings, how it is read, and
// what is done on all targets alike. The target's own header follows the structures: loops over
// elements and trials, events, matrix products, memory.
#include <type_traits>

static const int TRIALS = TILE * LANES;
// Why a trial failed.
static const int32_t NOT_FINITE = 1, TIMED_OUT = 2;

struct Array {
  const void *data;
  int64_t length, by_candidate, by_trial, by_element;
};
struct Table {
  const double *values;
  int64_t rows, columns;
  double epsilon, factor;
};
struct Connections {
  int64_t n_synapses, first_pre, n_pre, first_post, n_post;
  const int32_t *pre, *post;         // of each synapse, from the first one of either side
  const int64_t *starts;             // (post + 1,) of each row in the next two
  const int32_t *synapses, *sources;
};
struct Queue {
  int64_t n_delays;
  const int64_t *delays;             // in steps, the longest first
  const int64_t *starts;             // (source * delay + 1,) of each row in the next one
  const int32_t *synapses;
  int64_t n_pending;                 // steps for which synapses were under way before the run
  const int64_t *pending_starts;
  const int32_t *pending;
};
struct Clock {
  double dt;
  int64_t every, offset, first, ticks;  // in steps of the kernel, and in its own
};
struct Generated {
  const int64_t *starts;             // (tick + 1,)
  const int32_t *elements;
};
struct Before {
  int64_t n;
  const int32_t *elements;
};
struct Range {
  int64_t first, stop;
};
struct Chosen {
  const int32_t *elements;
  int64_t n, every, n_samples;
  T *to;                             // (candidate, value, sample, element, trial)
  T *average;                        // (candidate, value, element, trial), or null
};
struct Entry {
  int64_t tick;
  int32_t element, trial;
};
struct Noted {
  Entry *entries;
  double *values;
  int64_t n, capacity;
};
struct Run {
  int64_t n_trials, n_candidates, n_steps, n_channels, steps_per_input, n_bins;
  int64_t average_start, average_stop, ends_failed, keeps_events;
  int64_t keys_by_candidate, weights_by_candidate;
  uint64_t first_step;
  double unit_seconds;               // most processor time of a candidate's tile; 0: no limit
  const int64_t *sizes, *slots, *bin_stops;
  const double *constants;
  const Array *arrays;
  const Table *tables;
  const Connections *connections;
  const Queue *queues;
  const Clock *clocks;
  const Generated *generated;
  const Before *before;              // events of the last step before the run
  const Range *logged;
  const Chosen *chosen;
  const uint64_t *keys;              // (candidate, trial)
  const double *input_weights;       // (candidate, element, channel)
  Array inputs;                      // (bin, channel) of each trial
  int32_t *spike_count;              // (candidate, bin, element, trial)
  void *const *final_state;          // per array, or null: (candidate, element, trial)
  int32_t *failed;                   // (candidate, trial)
  Noted *noted;                      // (candidate, tile, log)
  volatile int64_t *progress;        // steps done of the unit that started last, and: stop
};
