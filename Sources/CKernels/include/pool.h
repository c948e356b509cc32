#ifndef NIBBLE_POOL_H
#define NIBBLE_POOL_H
#include <stdint.h>

// A fork-join pool of threads, the caller being worker 0. Idle workers spin for some microseconds,
// then sleep.
typedef struct nibble_pool nibble_pool;
typedef void (*nibble_work)(void *context, int worker);

// NULL where that many threads cannot be started.
nibble_pool *nibble_pool_create(int workers);

// Calls `work` on the caller, and at most once on every other worker that comes before the caller
// has finished; returns when all calls have returned. So each call must take work from what all
// share (a `nibble_counter`) until none is left. One call at a time, not from inside `work`.
void nibble_pool_run(nibble_pool *pool, nibble_work work, void *context);

void nibble_pool_destroy(nibble_pool *pool);

// A counter that workers take their next piece of work from.
typedef struct { int64_t value; } nibble_counter;
// The value before `step` was added.
int64_t nibble_counter_next(nibble_counter *counter, int64_t step);

// Nanoseconds of a clock that never goes back.
int64_t nibble_nanoseconds(void);

#endif
