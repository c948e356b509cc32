#ifndef NIBBLE_KERNELS_H
#define NIBBLE_KERNELS_H
// Everything that CKernels exports.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "dequantize.h"
#include "encode.h"
#include "elementwise.h"
#include "free_memory.h"
#include "fused.h"
#include "integer.h"
#include "matmul.h"
#include "pool.h"
#include "statistics.h"
#endif
