#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "shell.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number) { (void)number; }

int nibble_run_shell(
    const char *command, int input, int output, void (*meanwhile)(void *), void *context) {
  struct sigaction ignore, before[2];
  memset(&ignore, 0, sizeof ignore);
  ignore.sa_handler = do_nothing;  // a program started meanwhile would inherit SIG_IGN
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGINT, &ignore, &before[0]);
  sigaction(SIGQUIT, &ignore, &before[1]);

  sigset_t usual, none;
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGQUIT);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (input >= 0) posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  }
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  pid_t child = 0;
  extern char **environ;
  int error = posix_spawn(&child, "/bin/sh", &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (input >= 0) close(input);
  if (output >= 0) close(output);

  int status = -1;
  if (error == 0) {
    if (meanwhile) meanwhile(context);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  sigaction(SIGINT, &before[0], NULL);
  sigaction(SIGQUIT, &before[1], NULL);
  return status;
}
