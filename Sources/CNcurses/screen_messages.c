#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "screen_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

// What a crash or a library says on standard error would be written between the panes and go with
// them: it is kept in a file that nobody else sees, and said when the screen is left.

static int kept = -1, usual = -1;
static volatile sig_atomic_t is_kept;

void nibble_screen_prepare_messages(void) {
  FILE *file = kept < 0 && isatty(STDERR_FILENO) ? tmpfile() : NULL;
  if (!file) return;
  usual = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (usual >= 0) kept = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
  fclose(file);
}

void nibble_screen_keep_messages(void) {
  if (kept >= 0) is_kept = dup2(kept, STDERR_FILENO) >= 0;
}

void nibble_screen_say_messages(void) {
  if (!is_kept) return;
  is_kept = 0;
  dup2(usual, STDERR_FILENO);
  lseek(kept, 0, SEEK_SET);
  char bytes[1024];
  for (;;) {
    ssize_t count = read(kept, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    nibble_screen_write(STDERR_FILENO, bytes, (size_t)count);
  }
  if (ftruncate(kept, 0) == 0) lseek(kept, 0, SEEK_SET);
}
