// Loaded before the C library by tests that run nibble (LD_PRELOAD), so that what they judge by
// does not depend on the machine or on what else runs on it:
//
//   NIBBLE_TEST_PEAK=FILE      writes there, at the end, the most bytes that malloc held at one moment
//   NIBBLE_TEST_NO_THREADS=1   starts no thread, as a system does at a limit of processes
//   NIBBLE_TEST_KILL_AT=SUFFIX kills the process once it has renamed a file to a name that ends so
#if defined(__GLIBC__) || defined(__linux__)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// glibc's own names of what is replaced here.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static atomic_size_t live, peak;

static void *taken(void *block) {
  if (block == NULL) return NULL;
  const size_t size = malloc_usable_size(block);
  const size_t now = atomic_fetch_add(&live, size) + size;
  size_t known = atomic_load(&peak);
  while (now > known && !atomic_compare_exchange_weak(&peak, &known, now)) {}
  return block;
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return taken(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) {
  const size_t before = block == NULL ? 0 : malloc_usable_size(block);
  void *moved = __libc_realloc(block, size);
  if (moved == NULL && size > 0) return NULL;  // the block stays
  atomic_fetch_sub(&live, before);
  return taken(moved);
}

void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
  if (block != NULL) atomic_fetch_sub(&live, malloc_usable_size(block));
  __libc_free(block);
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("NIBBLE_TEST_PEAK");
  if (path == NULL) return;
  char text[32];
  const int length = snprintf(text, sizeof text, "%zu", atomic_load(&peak));
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || write(file, text, (size_t)length) != length) abort();
  close(file);
}

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *context) {
  if (getenv("NIBBLE_TEST_NO_THREADS") != NULL) return EAGAIN;
  typedef int function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  function *start = (function *)dlsym(RTLD_NEXT, "pthread_create");
  return start == NULL ? EAGAIN : start(thread, attributes, body, context);
}

int rename(const char *from, const char *to) {
  typedef int function(const char *, const char *);
  function *move = (function *)dlsym(RTLD_NEXT, "rename");
  const int code = move == NULL ? -1 : move(from, to);
  const char *suffix = getenv("NIBBLE_TEST_KILL_AT");
  if (code == 0 && suffix != NULL && strlen(to) >= strlen(suffix)
      && strcmp(to + strlen(to) - strlen(suffix), suffix) == 0) {
    kill(getpid(), SIGKILL);
  }
  return code;
}
#endif
