// Commands of the shell.

#ifndef NIBBLE_SHELL_H
#define NIBBLE_SHELL_H

// Runs a command of the shell, as system(3) does: ^C is for it alone while it runs. Its input comes
// from `input`, its output and messages go to `output`; -1 leaves it ours. Both are closed here
// once it has them. Calls `meanwhile` while it runs. Its wait status, or -1.
int nibble_run_shell(
    const char *command, int input, int output, void (*meanwhile)(void *), void *context);

#endif
