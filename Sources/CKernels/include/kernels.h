#ifndef NIBBLE_KERNELS_H
#define NIBBLE_KERNELS_H
#include <stdint.h>
#include <stddef.h>
#endif
