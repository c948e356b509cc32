#ifndef NIBBLE_MATMUL_H
#define NIBBLE_MATMUL_H
#include <stddef.h>
#include <stdint.h>

// Products of weights that are already floating point with f32 activations:
//
//   y[t][r] = sum over c of w[r][c] * x[t][c]      w (rows, cols), x (tokens, cols)
//
// Accumulation is in f32, one fused multiply-add after the other in each vector lane, and does
// not depend on how many rows or tokens a call has: splitting a product by rows over threads, or
// a prompt by tokens into passes, changes no bit of the result.

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

// Plain loops, for tests.
void nibble_matmul_f16_scalar(const nibble_product *product);
void nibble_matmul_bf16_scalar(const nibble_product *product);
void nibble_matmul_f32_scalar(const nibble_product *product);

// out[c] += sum over r of weights[r] * v[r][c], v (rows, cols) with `stride` values a row.
void nibble_weighted_sum_f16(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out);
void nibble_weighted_sum_f32(const float *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out);
void nibble_weighted_sum_f16_scalar(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                                    const float *weights, float *out);
void nibble_weighted_sum_f32_scalar(const float *v, size_t stride, size_t rows, size_t cols,
                                    const float *weights, float *out);

#endif
