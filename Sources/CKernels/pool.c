#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

// A round is one call of `nibble_pool_run`. Its state is one word, so that every change of it is
// seen whole:
//
//   bits 32 and up   the number of the round
//   bit 31           open: workers may still enter it
//   bits 0 to 30     workers that are inside
//
// The caller opens a round, works itself, closes the round, and waits for those inside. A worker
// that the system did not run in the meantime finds the round closed and stays out of it, so that
// on a busy machine nobody waits for a thread that has nothing to do.
#define OPEN (UINT64_C(1) << 31)
#define INSIDE (OPEN - 1)
#define ONE_ROUND (UINT64_C(1) << 32)

enum { SPINS = 2000 };  // some 30 microseconds of waiting before a thread sleeps

typedef struct {
  nibble_pool *pool;
  int index;
} seat;

struct nibble_pool {
  int workers;
  pthread_t *threads;
  seat *seats;
  nibble_work work;  // written while no round is open and nobody is inside
  void *context;
  _Atomic uint64_t state;
  atomic_int stopping;
  atomic_int sleeping_workers;
  atomic_int sleeping_caller;
  pthread_mutex_t mutex;
  pthread_cond_t opened;
  pthread_cond_t left;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Every atomic operation on `state` and the two counts of sleepers is sequentially consistent:
// who goes to sleep says so and then looks at the state, who changes the state does it and then
// looks for sleepers, and one of the two sees the other.

// A round other than `seen` that is open, or that the pool is stopping.
static int is_called(nibble_pool *pool, uint64_t seen) {
  const uint64_t state = atomic_load(&pool->state);
  return ((state & OPEN) && state / ONE_ROUND != seen) || atomic_load(&pool->stopping);
}

static void wait_for_call(nibble_pool *pool, uint64_t seen) {
  for (int i = 0; i < SPINS; i++) {
    if (is_called(pool, seen)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleeping_workers, 1);
  while (!is_called(pool, seen)) pthread_cond_wait(&pool->opened, &pool->mutex);
  atomic_fetch_sub(&pool->sleeping_workers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

// Goes inside the round that is open; 0 if there is none any more.
static int enter(nibble_pool *pool, uint64_t *round) {
  uint64_t state = atomic_load(&pool->state);
  while (state & OPEN)
    if (atomic_compare_exchange_weak(&pool->state, &state, state + 1)) {
      *round = state / ONE_ROUND;
      return 1;
    }
  return 0;
}

static void leave(nibble_pool *pool) {
  const uint64_t before = atomic_fetch_sub(&pool->state, 1);
  if ((before & (OPEN | INSIDE)) == 1 && atomic_load(&pool->sleeping_caller)) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->left);
    pthread_mutex_unlock(&pool->mutex);
  }
}

static void *sit(void *argument) {
  const seat *self = argument;
  nibble_pool *pool = self->pool;
  uint64_t seen = 0;
  for (;;) {
    wait_for_call(pool, seen);
    if (atomic_load(&pool->stopping)) return NULL;
    if (enter(pool, &seen)) {
      pool->work(pool->context, self->index);
      leave(pool);
    }
  }
}

static void wake_workers(nibble_pool *pool) {
  if (atomic_load(&pool->sleeping_workers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->mutex);
  }
}

static void wait_until_left(nibble_pool *pool) {
  for (int i = 0; i < SPINS; i++) {
    if ((atomic_load(&pool->state) & INSIDE) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->sleeping_caller, 1);
  while ((atomic_load(&pool->state) & INSIDE) != 0) pthread_cond_wait(&pool->left, &pool->mutex);
  atomic_store(&pool->sleeping_caller, 0);
  pthread_mutex_unlock(&pool->mutex);
}

nibble_pool *nibble_pool_create(int workers) {
  nibble_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->workers = 1;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->opened, NULL);
  pthread_cond_init(&pool->left, NULL);
  pool->threads = calloc((size_t)workers, sizeof *pool->threads);
  pool->seats = calloc((size_t)workers, sizeof *pool->seats);
  if (pool->threads == NULL || pool->seats == NULL) {
    nibble_pool_destroy(pool);
    return NULL;
  }
  for (int i = 1; i < workers; i++) {
    pool->seats[i] = (seat){pool, i};
    if (pthread_create(&pool->threads[i], NULL, sit, &pool->seats[i]) != 0) {
      nibble_pool_destroy(pool);
      return NULL;
    }
    pool->workers++;
  }
  return pool;
}

void nibble_pool_run(nibble_pool *pool, nibble_work work, void *context) {
  if (pool->workers == 1) {
    work(context, 0);
    return;
  }
  pool->work = work;
  pool->context = context;
  const uint64_t round = atomic_load(&pool->state) / ONE_ROUND + 1;
  atomic_store(&pool->state, round * ONE_ROUND | OPEN);
  wake_workers(pool);
  work(context, 0);
  atomic_fetch_and(&pool->state, ~OPEN);
  wait_until_left(pool);
}

void nibble_pool_destroy(nibble_pool *pool) {
  if (pool->workers > 1) {
    atomic_store(&pool->stopping, 1);
    wake_workers(pool);
    for (int i = 1; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
  }
  pthread_mutex_destroy(&pool->mutex);
  pthread_cond_destroy(&pool->opened);
  pthread_cond_destroy(&pool->left);
  free(pool->threads);
  free(pool->seats);
  free(pool);
}

int64_t nibble_counter_next(nibble_counter *counter, int64_t step) {
  return __atomic_fetch_add(&counter->value, step, __ATOMIC_RELAXED);
}

int64_t nibble_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
