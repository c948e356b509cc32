#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "line_editor_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

// The keys of a line, and the signals that arrive while they are waited for. libedit's own handling
// of signals re-raises them to the whole process group, which would reach whatever started us.

static const int answered[] = {SIGINT, SIGWINCH, SIGTSTP};
enum { ANSWERED = sizeof answered / sizeof answered[0] };

static struct sigaction before[ANSWERED];
static volatile sig_atomic_t pending[NSIG];

static void on_pending(int number) { pending[number] = 1; }

void nibble_line_signals_take(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_pending;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < ANSWERED; i++) {
    pending[answered[i]] = 0;
    sigaction(answered[i], &action, &before[i]);
  }
}

void nibble_line_signals_give_back(void) {
  for (int i = 0; i < ANSWERED; i++) sigaction(answered[i], &before[i], NULL);
  // What came after the last key is for what follows: ^C for the command that was typed.
  for (int i = 0; i < ANSWERED; i++)
    if (pending[answered[i]]) raise(answered[i]);
}

// Acts on what arrived while we waited; returns true when the line is to be given up.
static bool answer_signals(EditLine *el, nibble_editor *editor) {
  if (pending[SIGWINCH]) {
    pending[SIGWINCH] = 0;
    el_resize(el);
    el_set(el, EL_REFRESH);
  }
  if (pending[SIGTSTP]) {
    pending[SIGTSTP] = 0;
    el_set(el, EL_PREP_TERM, 0);
    raise(SIGSTOP);
    el_set(el, EL_PREP_TERM, 1);
    el_resize(el);
    el_set(el, EL_REFRESH);
  }
  if (pending[SIGINT]) {
    pending[SIGINT] = 0;
    editor->interrupted = true;
    return true;
  }
  return false;
}

// Waits until there is a key or a signal. The signals are blocked except inside `ppoll`, so that
// none can slip in between the look at the flags and the wait.
static int wait_for_key(EditLine *el, nibble_editor *editor, const sigset_t *waiting) {
  for (;;) {
    if (answer_signals(el, editor)) return -1;
    struct pollfd key = {.fd = STDIN_FILENO, .events = POLLIN};
#if defined(__linux__)
    int ready = ppoll(&key, 1, NULL, waiting);
#else
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, waiting, &blocked);
    int ready = poll(&key, 1, 200);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
#endif
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return -1;
  }
}

int nibble_line_key(EditLine *el, wchar_t *character) {
  nibble_editor *editor = nibble_editor_of(el);
  sigset_t ours, outside;
  sigemptyset(&ours);
  for (int i = 0; i < ANSWERED; i++) sigaddset(&ours, answered[i]);
  pthread_sigmask(SIG_BLOCK, &ours, &outside);
  sigset_t waiting = outside;
  for (int i = 0; i < ANSWERED; i++) sigdelset(&waiting, answered[i]);

  int result = -1;
  mbstate_t state;
  memset(&state, 0, sizeof state);
  while (wait_for_key(el, editor, &waiting) == 0) {
    char byte;
    ssize_t count = read(STDIN_FILENO, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) {
      result = (int)count;
      break;
    }
    size_t used = mbrtowc(character, &byte, 1, &state);
    if (used == (size_t)-2) continue;  // the first bytes of a longer character
    if (used == (size_t)-1) {          // not in this encoding: leave it out
      memset(&state, 0, sizeof state);
      continue;
    }
    result = 1;
    break;
  }
  pthread_sigmask(SIG_SETMASK, &outside, NULL);
  return result;
}
