#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

void nibble_signal_unblock(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

// ---- ^C ---------------------------------------------------------------------------------------

static atomic_int interrupts;
static struct sigaction interrupt_before;
static bool interrupts_installed;

static void on_interrupt(int number) {
  (void)number;
  atomic_fetch_add(&interrupts, 1);
}

void nibble_interrupts_install(void) {
  if (interrupts_installed) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;  // no SA_RESTART: a blocked read must return
  sigemptyset(&action.sa_mask);
  interrupts_installed = sigaction(SIGINT, &action, &interrupt_before) == 0;
  nibble_signal_unblock(SIGINT);
}

void nibble_interrupts_remove(void) {
  if (!interrupts_installed) return;
  sigaction(SIGINT, &interrupt_before, NULL);
  interrupts_installed = false;
}

int nibble_interrupts(void) { return atomic_load(&interrupts); }
bool nibble_interrupted(void) { return nibble_interrupts() > 0; }
void nibble_interrupts_clear(void) { atomic_store(&interrupts, 0); }

bool nibble_wait_for_input(int descriptor) {
  // ^C comes only while pselect waits: one between the look at the flag and a read would be lost.
  sigset_t interrupt, usual;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &usual);
  int ready = -1;
  while (ready < 0 && !nibble_interrupted()) {
    fd_set descriptors;
    FD_ZERO(&descriptors);
    FD_SET(descriptor, &descriptors);
    ready = pselect(descriptor + 1, &descriptors, NULL, NULL, NULL, &usual);
    if (ready < 0 && errno != EINTR) break;
  }
  pthread_sigmask(SIG_SETMASK, &usual, NULL);
  return ready > 0;
}

// ---- What is deadly ---------------------------------------------------------------------------

// The last six are a crash.
static const int deadly[] = {SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV,
                             SIGBUS,  SIGILL, SIGTRAP, SIGFPE};
enum { DEADLY = sizeof deadly / sizeof deadly[0] };

static struct sigaction deadly_before[DEADLY];
typedef void (*restorer)(void);
static _Atomic(restorer) restore_terminal;

// Lets whoever had the signal before answer it as it came: Swift's backtracer shows where.
static void hand_on(const struct sigaction *before, int number, siginfo_t *info, void *context) {
  sigaction(number, before, NULL);
  sigset_t blocked = before->sa_mask;
  if (!(before->sa_flags & SA_NODEFER)) sigaddset(&blocked, number);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  if (before->sa_flags & SA_SIGINFO) {
    before->sa_sigaction(number, info, context);
  } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
    before->sa_handler(number);
  }
}

static void on_deadly(int number, siginfo_t *info, void *context) {
  restorer restore = atomic_exchange(&restore_terminal, NULL);
  if (restore) restore();
  for (int i = 0; i < DEADLY; i++)
    if (deadly[i] == number) hand_on(&deadly_before[i], number, info, context);
  // Where that came back, a signal that was sent by another process would not come again.
  signal(number, SIG_DFL);
  nibble_signal_unblock(number);
  raise(number);
}

// Handlers of this thread get a stack, unless they have one.
static void give_handlers_a_stack(void) {
  static char memory[64 * 1024];
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) return;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = memory;
  stack.ss_size = sizeof memory;
  sigaltstack(&stack, NULL);
}

void nibble_deadly_signals_take(void (*restore)(void)) {
  give_handlers_a_stack();
  if (atomic_exchange(&restore_terminal, restore)) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_sigaction = on_deadly;
  // Nothing is blocked but what the one before wants: the backtracer reads memory that may fault.
  action.sa_flags = SA_ONSTACK | SA_SIGINFO | SA_NODEFER;
  for (int i = 0; i < DEADLY; i++) {
    sigaction(deadly[i], &action, &deadly_before[i]);
    // What was ignored (nohup) stays ignored.
    if (deadly_before[i].sa_handler == SIG_IGN) sigaction(deadly[i], &deadly_before[i], NULL);
    nibble_signal_unblock(deadly[i]);
  }
}

void nibble_deadly_signals_give_back(void) {
  if (!atomic_load(&restore_terminal)) return;
  for (int i = 0; i < DEADLY; i++) sigaction(deadly[i], &deadly_before[i], NULL);
  atomic_store(&restore_terminal, NULL);
}

void nibble_end_process(const char *message, int code) {
  restorer restore = atomic_exchange(&restore_terminal, NULL);
  if (restore) restore();
  ssize_t count = write(STDERR_FILENO, message, strlen(message));
  (void)count;  // there is nobody left to tell
  _exit(code);
}
