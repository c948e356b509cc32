#ifndef NIBBLE_ELEMENTWISE_H
#define NIBBLE_ELEMENTWISE_H
#include <stddef.h>
#include <stdint.h>

#include "dequantize.h"

#ifdef __cplusplus
extern "C" {
#endif

// y[i] = x[i] / sqrt(mean(x²) + epsilon) * weight[i]; the sum of squares is in double.
void nibble_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon);

// y[i] = silu(gate[i]) * up[i], silu(v) = v / (1 + exp(-v)).
void nibble_swiglu(const float *gate, const float *up, float *y, size_t count);

// In place: x[0..<visible] becomes softmax(scale * x), the rest of x becomes 0; `visible` is at
// least 1, and `scale` is positive.
void nibble_softmax(float *x, size_t count, size_t visible, float scale);

// What packing changed: root mean squares of stored - x and of x, over `count` values, whole blocks
// of the type.
void nibble_packing_error(uint32_t type, const float *x, const void *stored, size_t count,
                          double *error, double *size);

// x (rows, cols) with its columns as rows, to y (cols, y_stride).
void nibble_transpose(const float *x, size_t rows, size_t cols, float *y, size_t y_stride);

void nibble_add(const float *a, const float *b, float *y, size_t count);

// Rotates pairs of each head of x in place by the angles of one position. `cosines` and `sines`
// hold rotated / 2 values. Interleaved: pairs (0, 1), (2, 3), …; halves: (0, rotated / 2), ….
void nibble_rope_interleaved(float *x, size_t heads, size_t head_size, size_t rotated,
                             const float *cosines, const float *sines);
void nibble_rope_halves(float *x, size_t heads, size_t head_size, size_t rotated,
                        const float *cosines, const float *sines);

// The loops of one instruction set, which the machine must have, for tests and benchmarks.
void nibble_swiglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                       size_t count);
void nibble_softmax_isa(nibble_isa isa, float *x, size_t count, size_t visible, float scale);

#ifdef __cplusplus
}
#endif
#endif
