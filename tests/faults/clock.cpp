// A wall clock that jumps, for a process that is started with this library before all others.
// CLOCK_JUMPS holds pairs "seconds:offset": so long after the start the clock is off by so much.

#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <sys/time.h>

namespace {

using Gettime = int (*)(clockid_t, timespec *);

int real_gettime(clockid_t clock, timespec *now) {
    static const Gettime gettime = reinterpret_cast<Gettime>(dlsym(RTLD_NEXT, "clock_gettime"));
    return gettime(clock, now);
}

double monotonic() {
    timespec now;
    real_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

long long offset() {
    static const double start = monotonic();
    const char *jumps = std::getenv("CLOCK_JUMPS");
    long long found = 0;
    while (jumps && *jumps) {
        char *rest;
        const double after = std::strtod(jumps, &rest);
        const long long by = std::strtoll(rest + 1, &rest, 10);
        if (monotonic() - start >= after) found = by;
        jumps = *rest ? rest + 1 : rest;
    }
    return found;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec *now) noexcept {
    const int status = real_gettime(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += offset();
    return status;
}

extern "C" int gettimeofday(timeval *now, void *) noexcept {
    timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

extern "C" time_t time(time_t *where) noexcept {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}
