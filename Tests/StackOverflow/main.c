// Takes the terminal as nibble does and runs out of stack, to show that the shell gets it back:
// `StackOverflow screen` at once, `StackOverflow line` when Tab is pressed.

#include <stdio.h>
#include <string.h>

#include "line_editor.h"
#include "screen.h"
#include "terminal.h"

static int descend(volatile int *above) {
  volatile int here[1024];
  here[0] = *above + 1;
  return descend(here) + here[0];
}

static nibble_completion complete(void *context, const char *before) {
  (void)context;
  (void)before;
  volatile int top = 0;
  nibble_completion none = {NULL, NULL};
  if (descend(&top) == 0) none.insert = NULL;
  return none;
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "screen") == 0) {
    nibble_locale_is_utf8();
    if (nibble_screen_open() != NIBBLE_SCREEN_OPENED) return 1;
    complete(NULL, "");
  } else if (count == 2 && strcmp(arguments[1], "line") == 0) {
    nibble_editor *editor = nibble_editor_open("nibble", complete, NULL);
    const char *line = NULL;
    if (editor) nibble_editor_read(editor, "> ", &line);
  }
  fprintf(stderr, "usage: StackOverflow screen | line\n");
  return 2;
}
