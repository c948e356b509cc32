#ifndef NIBBLE_FREE_MEMORY_H
#define NIBBLE_FREE_MEMORY_H

// Gives the pages of freed memory that malloc keeps back to the system, where the C library can.
void nibble_release_free_memory(void);

#endif
