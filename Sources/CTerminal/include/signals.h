// The signals of a person at a terminal: ^C as a count, and what is deadly.

#ifndef NIBBLE_SIGNALS_H
#define NIBBLE_SIGNALS_H

#include <stdbool.h>

// From now on ^C is counted instead of ending the process.
void nibble_interrupts_install(void);
// Gives ^C back to whoever had it.
void nibble_interrupts_remove(void);
// How often ^C was pressed since that was last cleared, and whether it was.
int nibble_interrupts(void);
bool nibble_interrupted(void);
void nibble_interrupts_clear(void);
// Waits until there is something to read, or its end: false after ^C, also one that came between
// nibble_interrupts_clear and this call.
bool nibble_wait_for_input(int descriptor);

// Lets a signal through: some programs start others with signals blocked, and nobody could stop us
// then.
void nibble_signal_unblock(int number);

// From now on `restore` is called before a signal ends the process: SIGTERM and its like, and
// what a crash raises. It runs in the handler, on a stack of its own, since a stack without end
// is one way to crash; it may call only what POSIX allows there. Whoever had the signal before is
// told next, and then the process ends by it. One at a time can be set.
void nibble_deadly_signals_take(void (*restore)(void));
// Gives them back to whoever had them.
void nibble_deadly_signals_give_back(void);

// Ends the process from whichever thread, while another does not come back: with the terminal as it
// was found, and a message on standard error.
_Noreturn void nibble_end_process(const char *message, int code);

#endif
