#include "free_memory.h"

#include <stdlib.h>  // defines __GLIBC__
#ifdef __GLIBC__
#include <malloc.h>
#endif

void nibble_release_free_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
