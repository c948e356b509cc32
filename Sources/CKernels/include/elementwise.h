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

// y[i] = gelu(gate[i]) * up[i], gelu(v) = v / 2 * (1 + tanh(√(2 / π) * (v + 0.044715 v³))).
void nibble_geglu(const float *gate, const float *up, float *y, size_t count);

// In place: x[i] = cap * tanh(scale * x[i] / cap).
void nibble_soft_cap(float *x, size_t count, float scale, float cap);

// In place: x[first..<end] becomes softmax(scale * x), the rest of x becomes 0; `first` is below
// `end`, and `scale` is positive.
void nibble_softmax(float *x, size_t count, size_t first, size_t end, float scale);

// Index of the first infinity or NaN; `count` if there is none.
size_t nibble_first_not_finite(const float *x, size_t count);

// What packing changed: root mean squares of stored - x and of x, over `count` values, whole blocks
// of the type.
void nibble_packing_error(uint32_t type, const float *x, const void *stored, size_t count,
                          double *error, double *size);

// x (rows, cols) with its columns as rows, to y (cols, y_stride).
void nibble_transpose(const float *x, size_t rows, size_t cols, float *y, size_t y_stride);

void nibble_add(const float *a, const float *b, float *y, size_t count);
void nibble_scale(float *x, size_t count, float scale);

// The router of a mixture of experts, for one token: the `used` highest of `count` logits, the
// highest first and the lower number first among equals, and the softmax over them.
void nibble_route(const float *logits, size_t count, size_t used, int32_t *experts,
                  float *weights);

// y[c] = sum over r of weights[r] * rows[r][c], row after row: rows (count, cols), count at least
// 1.
void nibble_weighted_rows(const float *rows, const float *weights, size_t count, size_t cols,
                          float *y);

// Rotates pairs of each head of x in place by the angles of one position. `cosines` and `sines`
// hold rotated / 2 values. Interleaved: pairs (0, 1), (2, 3), …; halves: (0, rotated / 2), ….
void nibble_rope_interleaved(float *x, size_t heads, size_t head_size, size_t rotated,
                             const float *cosines, const float *sines);
void nibble_rope_halves(float *x, size_t heads, size_t head_size, size_t rotated,
                        const float *cosines, const float *sines);

// The loops of one instruction set, which the machine must have, for tests and benchmarks.
void nibble_swiglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                       size_t count);
void nibble_geglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                      size_t count);
void nibble_softmax_isa(nibble_isa isa, float *x, size_t count, size_t first, size_t end,
                        float scale);

#ifdef __cplusplus
}
#endif
#endif
