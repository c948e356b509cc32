// Prints how fast memory can be read with 1 and with 2 threads, in GB/s: bandwidth [MiB]
//
// The best of some passes over as many bytes as the model has weights, read by vectors and with
// prefetching, as the kernels read them. No token can be decoded faster than its weights are read.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t vec __attribute__((vector_size(64)));
enum { AHEAD = 4096, STEP = 256, PASSES = 40 };

typedef struct {
  const char *from;
  size_t bytes;
  uint64_t sum;
} part;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *read_part(void *argument) {
  part *p = argument;
  vec sums[4] = {{0}};
  for (size_t i = 0; i < p->bytes; i += STEP)
    for (int k = 0; k < 4; k++) {
      __builtin_prefetch(p->from + i + AHEAD + 64 * k);
      sums[k] += *(const vec *)(p->from + i + 64 * k);
    }
  for (int k = 0; k < 4; k++) p->sum += sums[k][0];
  return NULL;
}

int main(int count, char **arguments) {
  const size_t bytes = (size_t)(count > 1 ? atoi(arguments[1]) : 92) << 20;
  char *memory = aligned_alloc(4096, bytes);
  if (memory == NULL) return 1;
  memset(memory, 1, bytes);
  uint64_t sum = 0;
  for (int threads = 1; threads <= 2; threads++) {
    double best = 1e9;
    for (int pass = 0; pass < PASSES; pass++) {
      part parts[2];
      pthread_t others[2];
      const double start = now();
      for (int i = 0; i < threads; i++) {
        parts[i] = (part){memory + bytes / threads * i, bytes / threads / STEP * STEP, 0};
        if (i > 0) pthread_create(&others[i], NULL, read_part, &parts[i]);
      }
      read_part(&parts[0]);
      for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
      for (int i = 0; i < threads; i++) sum += parts[i].sum;
      const double elapsed = now() - start;
      if (elapsed < best) best = elapsed;
    }
    printf("%d %.1f\n", threads, 1e-9 * (double)bytes / best);
  }
  return sum == 0;
}
