#ifndef NIBBLE_STATISTICS_H
#define NIBBLE_STATISTICS_H
#include <stddef.h>
#include <stdint.h>

#include "dequantize.h"

#ifdef __cplusplus
extern "C" {
#endif

// Sums and range of many values. A NaN makes the sums NaN and is left out of the range; of no
// values the range is INFINITY to -INFINITY.
//
// Sums are in double, sixteen side by side: value i goes to sum i % 16, one after the other, and
// the sixteen are added by halves. A square of a float32 is exact in double. So the result is the
// same bits on every machine.
typedef struct {
  double sum, squares;
  float min, max;
} nibble_statistics;

nibble_statistics nibble_statistics_f32(const float *values, size_t count);
nibble_statistics nibble_statistics_f16(const uint16_t *values, size_t count);

// The kernels of one instruction set, which the machine must have, for values of type F32 or F16.
// NIBBLE_ISA_SCALAR stands for what every machine has. For tests and benchmarks.
nibble_statistics nibble_statistics_isa(
    nibble_isa isa, uint32_t type, const void *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
