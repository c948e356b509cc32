#if defined(__linux__)
#define _GNU_SOURCE
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "screen_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "signals.h"

// The signals while the screen is open. Their handlers call only what POSIX allows in one: write,
// tcsetattr, sigaction, raise, and what is like them. So the terminal's own sequences are written
// out beforehand.

volatile sig_atomic_t nibble_screen_is_open;
volatile sig_atomic_t nibble_screen_was_interrupted, nibble_screen_was_resized,
    nibble_screen_is_damaged;
int nibble_screen_signal_pipe = -1;

// ---- Leaving and entering the screen ------------------------------------------------------------

static struct termios before, ours;
static char leaving[512], entering[512];
static size_t leaving_length, entering_length;

static char *collected;
static size_t collected_length;

static int collect(int byte) {
  if (collected_length < sizeof leaving) collected[collected_length++] = (char)byte;
  return byte;
}

static size_t collect_capabilities(char *into, const char *const *names) {
  collected = into;
  collected_length = 0;
  for (; *names; names++) {
    const char *sequence = tigetstr((char *)*names);
    if (sequence && sequence != (char *)-1) tputs(sequence, 1, collect);
  }
  return collected_length;
}

bool nibble_screen_remember_before(void) { return tcgetattr(STDIN_FILENO, &before) == 0; }

void nibble_screen_remember_sequences(void) {
  const char *const out[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup", NULL};
  const char *const in[] = {"smcup", "smkx", NULL};
  leaving_length = collect_capabilities(leaving, out);
  entering_length = collect_capabilities(entering, in);
}

void nibble_screen_remember_ours(void) { tcgetattr(STDIN_FILENO, &ours); }

void nibble_screen_restore_before(void) { tcsetattr(STDIN_FILENO, TCSANOW, &before); }

void nibble_screen_write(int descriptor, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(descriptor, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes += count;
    length -= (size_t)count;
  }
}

// Without waiting for what is still to be shown: a terminal that was stopped never shows it.
static void leave(void) {
  nibble_screen_restore_before();
  nibble_screen_write(STDOUT_FILENO, leaving, leaving_length);
  nibble_screen_say_messages();
}

static void enter(void) {
  tcsetattr(STDIN_FILENO, TCSANOW, &ours);
  nibble_screen_write(STDOUT_FILENO, entering, entering_length);
  nibble_screen_keep_messages();
}

static void leave_for_good(void) {
  if (nibble_screen_is_open) leave();
  nibble_screen_is_open = 0;
}

// ---- Signals ------------------------------------------------------------------------------------

static const int answered[] = {SIGINT, SIGWINCH, SIGTSTP};
enum { ANSWERED = sizeof answered / sizeof answered[0] };

static struct sigaction before_answered[ANSWERED];
// A byte in it wakes whoever waits for a key, on whichever thread the signal arrived.
static int wake_end = -1;

static void wake_up(void) {
  char byte = 0;
  ssize_t count = write(wake_end, &byte, 1);
  (void)count;  // a full pipe wakes as well
}

static bool open_pipe(void) {
  if (wake_end >= 0) return true;
  int ends[2];
  if (pipe(ends) != 0) return false;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  }
  nibble_screen_signal_pipe = ends[0];
  wake_end = ends[1];
  return true;
}

static void on_answered(int number) {
  int error = errno;
  if (number == SIGTSTP) {
    if (nibble_screen_is_open) leave();
    raise(SIGSTOP);
    if (nibble_screen_is_open) enter();
    nibble_screen_is_damaged = 1;
    nibble_screen_was_resized = 1;
  } else if (number == SIGWINCH) {
    nibble_screen_was_resized = 1;
  } else {
    nibble_screen_was_interrupted = 1;
    // Whoever else counts on ^C: a command that is to stop.
    if (!(before_answered[0].sa_flags & SA_SIGINFO) &&
        before_answered[0].sa_handler != SIG_DFL && before_answered[0].sa_handler != SIG_IGN)
      before_answered[0].sa_handler(number);
  }
  wake_up();
  errno = error;
}

bool nibble_screen_signals_take(void) {
  if (!open_pipe()) return false;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_answered;
  for (int i = 0; i < ANSWERED; i++) {
    sigaction(answered[i], &action, &before_answered[i]);
    nibble_signal_unblock(answered[i]);
  }
  nibble_deadly_signals_take(leave_for_good);
  return true;
}

void nibble_screen_signals_give_back(void) {
  for (int i = 0; i < ANSWERED; i++) sigaction(answered[i], &before_answered[i], NULL);
  nibble_deadly_signals_give_back();
}
