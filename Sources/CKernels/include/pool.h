#ifndef NIBBLE_POOL_H
#define NIBBLE_POOL_H
#include <stdint.h>

// A fork-join pool: `run` calls `work` once on every worker, the caller being worker 0, and
// returns when all have. Idle workers spin for some microseconds, then sleep.
typedef struct nibble_pool nibble_pool;
typedef void (*nibble_work)(void *context, int worker);

// NULL where no thread can be started.
nibble_pool *nibble_pool_create(int workers);
void nibble_pool_run(nibble_pool *pool, nibble_work work, void *context);
void nibble_pool_destroy(nibble_pool *pool);

// A counter that workers take their next piece of work from.
typedef struct { int64_t value; } nibble_counter;
int64_t nibble_counter_next(nibble_counter *counter, int64_t step);

// Nanoseconds of a clock that never goes back.
int64_t nibble_nanoseconds(void);

#endif
