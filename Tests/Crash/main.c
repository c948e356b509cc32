// Takes the terminal as nibble does and crashes, to show that the shell gets it back and what was
// said: `Crash screen WAY` at once, `Crash line WAY` when Tab is pressed; see `crash` for the ways.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line_editor.h"
#include "screen.h"
#include "terminal.h"

static int descend(volatile int *above) {
  volatile int here[1024];
  here[0] = *above + 1;
  return descend(here) + here[0];
}

static void crash(const char *way) {
  fputs("Fatal error: meant\n", stderr);
  if (strcmp(way, "trap") == 0) __builtin_trap();
  if (strcmp(way, "abort") == 0) abort();
  volatile int top = 0;
  if (strcmp(way, "overflow") == 0 && descend(&top) == 0) fputs("no stack", stderr);
}

static nibble_completion complete(void *context, const char *before) {
  (void)before;
  crash(context);
  nibble_completion none = {NULL, NULL};
  return none;
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "screen") == 0) {
    nibble_locale_is_utf8();
    if (nibble_screen_open() != NIBBLE_SCREEN_OPENED) return 1;
    crash(arguments[2]);
  } else if (count == 3 && strcmp(arguments[1], "line") == 0) {
    nibble_editor *editor = nibble_editor_open("nibble", complete, arguments[2]);
    const char *line = NULL;
    if (editor) nibble_editor_read(editor, "> ", &line);
  }
  fprintf(stderr, "usage: Crash screen|line overflow|trap|abort\n");
  return 2;
}
