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

// Attention over one page of positions. Pages come one after the other, and tokens in any groups:
// neither changes a bit of the results.
enum { NIBBLE_PAGE = 16 };

// y[t][i] = sum over c of keys[c][i] * q[t][c], for `count` positions i of the page.
typedef struct {
  const void *keys;  // (cols, NIBBLE_PAGE): a column of all positions side by side
  size_t cols;
  size_t count;      // positions that there are, at most NIBBLE_PAGE
  const float *q;    // (tokens, cols)
  size_t q_stride;   // values from one token to the next
  size_t tokens;
  float *y;          // (tokens, count)
  size_t y_stride;
} nibble_page_scores;

void nibble_page_scores_f16(const nibble_page_scores *page);
void nibble_page_scores_f32(const nibble_page_scores *page);

// out[t][c] += sum over r of weights[t][r] * values[r][c], row after row.
typedef struct {
  const void *values;  // (rows, cols)
  size_t stride;       // values from one row to the next
  size_t rows, cols;
  const float *weights;  // (tokens, rows)
  size_t weights_stride;
  size_t tokens;
  float *out;          // (tokens, cols)
  size_t out_stride;
} nibble_page_sums;

void nibble_page_sums_f16(const nibble_page_sums *page);
void nibble_page_sums_f32(const nibble_page_sums *page);

// Plain loops, for tests.
void nibble_matmul_f16_scalar(const nibble_product *product);
void nibble_matmul_bf16_scalar(const nibble_product *product);
void nibble_matmul_f32_scalar(const nibble_product *product);
void nibble_page_scores_f16_scalar(const nibble_page_scores *page);
void nibble_page_scores_f32_scalar(const nibble_page_scores *page);
void nibble_page_sums_f16_scalar(const nibble_page_sums *page);
void nibble_page_sums_f32_scalar(const nibble_page_sums *page);

// The kernels of one instruction set, which the machine must have, for weights of a type of
// blocks.h (F16, BF16 or F32; no BF16 for pages). NIBBLE_ISA_SCALAR stands for what every machine
// has, SSE2 or NEON. For tests and benchmarks.
void nibble_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *product);
void nibble_page_scores_isa(nibble_isa isa, uint32_t type, const nibble_page_scores *page);
void nibble_page_sums_isa(nibble_isa isa, uint32_t type, const nibble_page_sums *page);

#ifdef __cplusplus
}
#endif
#endif
