#ifndef NIBBLE_MATMUL_H
#define NIBBLE_MATMUL_H
#include <stddef.h>
#include <stdint.h>

#include "dequantize.h"

#ifdef __cplusplus
extern "C" {
#endif

// Products of weights that are already floating point with f32 activations:
//
//   y[t][r] = sum over c of w[r][c] * x[t][c]      w (rows, cols), x (tokens, cols)
//
// Accumulation is in f32, one multiply-add after the other in each vector lane (fused where the
// instruction set has it), and does not depend on how many rows or tokens a call has: splitting a
// product by rows over threads, or a prompt by tokens into passes, changes no bit of the result.
// Nothing but x and y needs to be aligned, and they only as floats are.

typedef struct {
  const void *w;    // (rows, cols)
  size_t w_stride;  // values from one row of w to the next
  size_t rows, cols;
  const float *x;   // (tokens, cols)
  size_t x_stride;  // values from one token of x to the next
  size_t tokens;
  float *y;         // (tokens, rows)
  size_t y_stride;  // values from one token of y to the next
} nibble_product;

void nibble_matmul_f16(const nibble_product *product);
void nibble_matmul_bf16(const nibble_product *product);
void nibble_matmul_f32(const nibble_product *product);

// out[c] += sum over r of weights[r] * v[r][c], v (rows, cols) with `stride` values a row; row
// after row, so that splitting the sum by rows changes no bit either.
void nibble_weighted_sum_f16(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out);
void nibble_weighted_sum_f32(const float *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out);

// Plain loops, for tests.
void nibble_matmul_f16_scalar(const nibble_product *product);
void nibble_matmul_bf16_scalar(const nibble_product *product);
void nibble_matmul_f32_scalar(const nibble_product *product);
void nibble_weighted_sum_f16_scalar(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                                    const float *weights, float *out);
void nibble_weighted_sum_f32_scalar(const float *v, size_t stride, size_t rows, size_t cols,
                                    const float *weights, float *out);

// The kernels of one instruction set, which the machine must have, for weights of a type of
// blocks.h (F16, BF16 or F32; no BF16 for sums). NIBBLE_ISA_SCALAR stands for what every machine
// has, SSE2 or NEON. For tests and benchmarks.
void nibble_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *product);
void nibble_weighted_sum_isa(nibble_isa isa, uint32_t type, const void *v, size_t stride,
                             size_t rows, size_t cols, const float *weights, float *out);

#ifdef __cplusplus
}
#endif
#endif
