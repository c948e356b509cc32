#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { SPINS = 2000 };  // some 30 microseconds of waiting before a worker sleeps

typedef struct {
  nibble_pool *pool;
  int index;
} seat;

struct nibble_pool {
  int workers;
  pthread_t *threads;
  seat *seats;
  nibble_work work;
  void *context;
  atomic_uint round;     // raised for each run; workers wait for it to change
  atomic_int remaining;  // workers of this round that have not finished
  atomic_int sleeping;
  atomic_int stopping;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void wait_for_round(nibble_pool *pool, unsigned seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load_explicit(&pool->round, memory_order_acquire) != seen) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleeping, 1);
  while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
  atomic_fetch_sub(&pool->sleeping, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *sit(void *argument) {
  const seat *self = argument;
  nibble_pool *pool = self->pool;
  unsigned seen = 0;
  for (;;) {
    wait_for_round(pool, seen);
    seen++;
    if (atomic_load(&pool->stopping)) return NULL;
    pool->work(pool->context, self->index);
    atomic_fetch_sub_explicit(&pool->remaining, 1, memory_order_release);
  }
}

static void start_round(nibble_pool *pool) {
  atomic_store(&pool->remaining, pool->workers - 1);
  atomic_fetch_add(&pool->round, 1);
  if (atomic_load(&pool->sleeping) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
  }
}

nibble_pool *nibble_pool_create(int workers) {
  nibble_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->workers = 1;
  pool->threads = calloc((size_t)workers, sizeof *pool->threads);
  pool->seats = calloc((size_t)workers, sizeof *pool->seats);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
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
  if (pool->workers > 1) {
    pool->work = work;
    pool->context = context;
    start_round(pool);
  }
  work(context, 0);
  if (pool->workers > 1)
    for (int i = 0; atomic_load_explicit(&pool->remaining, memory_order_acquire) > 0; i++) {
      if (i < SPINS) pause_briefly();
      else sched_yield();  // more workers than processors: let the others have this one
    }
}

void nibble_pool_destroy(nibble_pool *pool) {
  if (pool->threads != NULL && pool->workers > 1) {
    atomic_store(&pool->stopping, 1);
    start_round(pool);
    for (int i = 1; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
  }
  pthread_mutex_destroy(&pool->mutex);
  pthread_cond_destroy(&pool->wake);
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
