#ifndef NIBBLE_INTEGER_H
#define NIBBLE_INTEGER_H
// Products of packed weights with int8 activations: nothing becomes a float but the sums.
//
// Every quantized format is read as unsigned bytes u with a scale d and a minimum m, for each 32
// columns (each 16 in q2_k, q3_k and q6_k): w = d u + m. Activations are rounded to int8, 32 at a
// time: x ≈ dx q. Then, over the blocks of a row,
//
//   y = Σ (d dx) Σ u q  +  m (dx Σ q)
//
// where the inner sums are exact integers, and the outer one is one fused multiply-add after the
// other. That order is the same for every instruction set with such an addition, for every layout
// of the weights, and for every split of a product by rows or by tokens: no bit of y depends on
// them.
#include <stddef.h>
#include <stdint.h>

#include "dequantize.h"

#ifdef __cplusplus
extern "C" {
#endif

// 32 activations: x ≈ d q, with q = -127 ... 127 and the largest magnitude 127.
typedef struct {
  float d;
  float sum;      // d Σ q
  float half[2];  // the same for the first and the last 16 values
  int8_t q[32];
} nibble_int8_block;

// Bytes of `tokens` rows of `cols` activations; `cols` is a multiple of 32.
size_t nibble_int8_bytes(size_t tokens, size_t cols);

// Rounds x (tokens, cols) to int8, to nearest, ties to even. Blocks lie in the order in which
// products read them: groups of tokens (nibble_int8_group), the same block of all tokens of
// a group side by side. Where an x is not finite, d is not either.
void nibble_int8_quantize(const float *x, size_t x_stride, size_t tokens, size_t cols,
                          nibble_int8_block *blocks);
static inline size_t nibble_int8_group(size_t tokens) {  // of the first group of so many tokens
  return tokens >= 12 ? 12 : tokens >= 8 ? 8 : tokens >= 4 ? 4 : tokens >= 2 ? 2 : tokens;
}

// 1 for the types that have such products: every block format.
int nibble_has_integers(uint32_t type);

// Rows are interleaved in panels of NIBBLE_PANEL: the same columns of 16 rows side by side, so that
// a vector works on 16 rows at once. A permutation of the bytes: nothing grows, and what was int4
// is int4. Rows that fill no panel stay as they are, at the end.
void nibble_interleave(uint32_t type, const void *src, void *dst, size_t rows, size_t cols);
// The values of one row of such panels as float32, (cols): those of the row that it was.
void nibble_dequantize_interleaved(uint32_t type, const void *panels, size_t rows, size_t cols,
                                   size_t row, float *dst);
enum { NIBBLE_PANEL = 16 };

typedef struct {
  uint32_t type;
  const void *w;  // (rows, cols), packed and interleaved
  size_t rows, cols;
  const nibble_int8_block *x;  // (tokens, cols)
  size_t tokens;
  float *y;         // (tokens, rows)
  size_t y_stride;  // values from one token of y to the next
} nibble_integer_product;

// y = x wᵀ of rows `first` ..< `first + count` of the product; both are multiples of NIBBLE_PANEL,
// but for a range that ends with the last row.
void nibble_integer_matmul(const nibble_integer_product *p, size_t first, size_t count);

// The reference: plain C, one value at a time, all rows, from rows as they are in a file.
void nibble_integer_matmul_scalar(const nibble_integer_product *p);

// The best instruction set for these products; found once. NIBBLE_ISA_AVX512_VNNI is one of them, and
// on Arm NIBBLE_ISA_NEON_DOTPROD.
nibble_isa nibble_integer_isa_best(void);

// The kernels of one instruction set, which the machine must have, for tests and benchmarks.
void nibble_int8_quantize_isa(nibble_isa isa, const float *x, size_t x_stride, size_t tokens,
                              size_t cols, nibble_int8_block *blocks);
void nibble_integer_matmul_isa(nibble_isa isa, const nibble_integer_product *p, size_t first,
                               size_t count);

#ifdef __cplusplus
}
#endif
#endif
