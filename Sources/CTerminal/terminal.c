#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

bool nibble_terminal_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return false;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return true;
}

bool nibble_locale_is_utf8(void) {
  const char *known = setlocale(LC_CTYPE, "");
  const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  const char *name = NULL;
  for (int i = 0; i < 3 && !name; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) name = value;
  }
  // A locale that is not installed here is UTF-8 all the same where its name says so.
  bool is_absent = !known && name && (strstr(name, "UTF-8") || strstr(name, "utf8"));
  if ((!name || is_absent) && !setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "en_US.UTF-8");
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
