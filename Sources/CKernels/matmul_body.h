// The body of matmul_avx512.c, matmul_avx2.c, matmul_neon.c and matmul_baseline.c: LANES floats a
// vector.
// Versions, slow to fast: the plain loops in matmul.c; this body, which keeps a block of
// ROWS × TOKENS sums in registers, so that every weight is converted once for TOKENS tokens.
#include <string.h>

#include "matmul.h"

// Aligned to nothing: a GGUF file may put its tensors at any byte.
typedef float vec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef _Float16 half_vec __attribute__((vector_size(LANES * 2), aligned(1)));
typedef uint16_t u16_vec __attribute__((vector_size(LANES * 2), aligned(1)));
typedef uint32_t u32_vec __attribute__((vector_size(LANES * 4), aligned(1)));

#if !WITHOUT_FMA
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

static inline __attribute__((always_inline)) vec load_f32(const void *p, size_t i) {
  return *(const vec *)((const float *)p + i);
}
static inline __attribute__((always_inline)) vec load_f16(const void *p, size_t i) {
#if !WITHOUT_F16C
  return __builtin_convertvector(*(const half_vec *)((const uint16_t *)p + i), vec);
#else
  // Exponent and significand in their new places, then the difference of the exponents' biases;
  // that takes subnormals along. Infinities and NaNs get the largest exponent.
  u32_vec bits = __builtin_convertvector(*(const u16_vec *)((const uint16_t *)p + i), u32_vec);
  u32_vec rest = (bits & 0x7fffu) << 13;
  u32_vec special = (u32_vec)(rest >= 0x0f800000u) & 0x7f800000u;
  return (vec)((u32_vec)((vec)rest * 0x1p112f) | special | (bits & 0x8000u) << 16);
#endif
}
static inline __attribute__((always_inline)) vec load_bf16(const void *p, size_t i) {
  u32_vec bits = __builtin_convertvector(*(const u16_vec *)((const uint16_t *)p + i), u32_vec);
  return (vec)(bits << 16);
}
// The last, partial vector of a row, its missing lanes 0.
static inline __attribute__((always_inline)) vec part_f32(const void *p, size_t i, size_t n) {
  float lanes[LANES] = {0};
  memcpy(lanes, (const float *)p + i, n * 4);
  return *(const vec *)lanes;
}
static inline __attribute__((always_inline)) vec part_f16(const void *p, size_t i, size_t n) {
  uint16_t lanes[LANES] = {0};
  memcpy(lanes, (const uint16_t *)p + i, n * 2);
  return load_f16(lanes, 0);
}
static inline __attribute__((always_inline)) vec part_bf16(const void *p, size_t i, size_t n) {
  uint16_t lanes[LANES] = {0};
  memcpy(lanes, (const uint16_t *)p + i, n * 2);
  return load_bf16(lanes, 0);
}
static inline __attribute__((always_inline)) float sum_of(vec v) {
  float lanes[LANES];
  memcpy(lanes, &v, sizeof lanes);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

typedef vec (*loader)(const void *, size_t);
typedef vec (*part_loader)(const void *, size_t, size_t);

// A block of `R` rows by `T` tokens; both are constants where this is inlined.
static inline __attribute__((always_inline)) void block(const nibble_product *p, size_t size,
                                                        size_t row, size_t token, const int R,
                                                        const int T, loader load,
                                                        part_loader part) {
  const char *w = (const char *)p->w + row * p->w_stride * size;
  const float *x = p->x + token * p->x_stride;
  vec sums[R * T];
#pragma clang loop unroll(full)
  for (int i = 0; i < R * T; i++) sums[i] = (vec){0};
  const size_t whole = p->cols / LANES * LANES;
  for (size_t c = 0; c < whole; c += LANES) {
    vec xs[T];
#pragma clang loop unroll(full)
    for (int t = 0; t < T; t++) xs[t] = load_f32(x + t * p->x_stride, c);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      vec ws = load(w + r * p->w_stride * size, c);
#pragma clang loop unroll(full)
      for (int t = 0; t < T; t++)
        sums[r * T + t] = MULTIPLY_ADD(ws, xs[t], sums[r * T + t]);
    }
  }
  if (whole < p->cols) {
    const size_t rest = p->cols - whole;
    for (int r = 0; r < R; r++) {
      vec ws = part(w + r * p->w_stride * size, whole, rest);
      for (int t = 0; t < T; t++)
        sums[r * T + t] = MULTIPLY_ADD(
            ws, part_f32(x + t * p->x_stride, whole, rest), sums[r * T + t]);
    }
  }
  for (int t = 0; t < T; t++)
    for (int r = 0; r < R; r++) p->y[(token + t) * p->y_stride + row + r] = sum_of(sums[r * T + t]);
}

// Tokens outermost: a block of activations stays in the nearest cache while the tile's rows
// pass by from the next one.
static inline __attribute__((always_inline)) void product(const nibble_product *p, size_t size,
                                                          loader load, part_loader part) {
  size_t token = 0;
  for (; token + BLOCK_TOKENS <= p->tokens; token += BLOCK_TOKENS) {
    size_t row = 0;
    for (; row + BLOCK_ROWS <= p->rows; row += BLOCK_ROWS)
      block(p, size, row, token, BLOCK_ROWS, BLOCK_TOKENS, load, part);
    for (; row < p->rows; row++) block(p, size, row, token, 1, BLOCK_TOKENS, load, part);
  }
  for (; token < p->tokens; token++) {
    size_t row = 0;
    for (; row + DECODE_ROWS <= p->rows; row += DECODE_ROWS)
      block(p, size, row, token, DECODE_ROWS, 1, load, part);
    for (; row < p->rows; row++) block(p, size, row, token, 1, 1, load, part);
  }
}

// A page of keys, its columns the rows of `keys`: one position a lane, so that nothing is summed
// across lanes.
static inline __attribute__((always_inline)) void scores_block(const nibble_page_scores *p,
                                                               size_t token, const int T,
                                                               loader load) {
  enum { VECTORS = NIBBLE_PAGE / LANES };
  const float *q = p->q + token * p->q_stride;
  vec sums[T * VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < T * VECTORS; i++) sums[i] = (vec){0};
  for (size_t c = 0; c < p->cols; c++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < VECTORS; v++) {
      const vec keys = load(p->keys, c * NIBBLE_PAGE + v * LANES);
#pragma clang loop unroll(full)
      for (int t = 0; t < T; t++) {
        const vec x = q[t * p->q_stride + c] - (vec){0};
        sums[t * VECTORS + v] = MULTIPLY_ADD(keys, x, sums[t * VECTORS + v]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < T; t++) {
    float *y = p->y + (token + t) * p->y_stride;
    if (p->count == NIBBLE_PAGE) {
      memcpy(y, sums + t * VECTORS, NIBBLE_PAGE * sizeof *y);
    } else {
      float page[NIBBLE_PAGE];
      memcpy(page, sums + t * VECTORS, sizeof page);
      memcpy(y, page, p->count * sizeof *y);
    }
  }
}

static inline __attribute__((always_inline)) void scores(const nibble_page_scores *p, loader load) {
  size_t token = 0;
  for (; token + SCORE_TOKENS <= p->tokens; token += SCORE_TOKENS)
    scores_block(p, token, SCORE_TOKENS, load);
  for (; token < p->tokens; token++) scores_block(p, token, 1, load);
}

// Four vectors of columns of T tokens stay in registers while the rows pass by.
static inline __attribute__((always_inline)) void sums_block(const nibble_page_sums *p, size_t size,
                                                             size_t token, size_t c, const int T,
                                                             loader load) {
  vec sums[T * 4];
  float *out = p->out + token * p->out_stride + c;
#pragma clang loop unroll(full)
  for (int i = 0; i < T * 4; i++) sums[i] = load_f32(out + i / 4 * p->out_stride, i % 4 * LANES);
  for (size_t r = 0; r < p->rows; r++) {
    const char *row = (const char *)p->values + r * p->stride * size;
    vec values[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) values[i] = load(row, c + i * LANES);
#pragma clang loop unroll(full)
    for (int t = 0; t < T; t++) {
      const vec weight = p->weights[(token + t) * p->weights_stride + r] - (vec){0};
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++)
        sums[t * 4 + i] = MULTIPLY_ADD(weight, values[i], sums[t * 4 + i]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < T * 4; i++) *(vec *)(out + i / 4 * p->out_stride + i % 4 * LANES) = sums[i];
}

static inline __attribute__((always_inline)) void sums(const nibble_page_sums *p, size_t size,
                                                       loader load, part_loader part) {
  size_t c = 0;
  for (; c + 4 * LANES <= p->cols; c += 4 * LANES) {
    size_t token = 0;
    for (; token + SUM_TOKENS <= p->tokens; token += SUM_TOKENS)
      sums_block(p, size, token, c, SUM_TOKENS, load);
    for (; token < p->tokens; token++) sums_block(p, size, token, c, 1, load);
  }
  for (; c < p->cols; c += LANES) {
    const size_t n = p->cols - c < LANES ? p->cols - c : LANES;
    for (size_t token = 0; token < p->tokens; token++) {
      float *out = p->out + token * p->out_stride;
      vec sum = part_f32(out, c, n);
      for (size_t r = 0; r < p->rows; r++) {
        const vec weight = p->weights[token * p->weights_stride + r] - (vec){0};
        sum = MULTIPLY_ADD(
            weight, part((const char *)p->values + r * p->stride * size, c, n), sum);
      }
      memcpy(out + c, &sum, n * 4);
    }
  }
}

void NAME(matmul_f16)(const nibble_product *p) { product(p, 2, load_f16, part_f16); }
void NAME(matmul_bf16)(const nibble_product *p) { product(p, 2, load_bf16, part_bf16); }
void NAME(matmul_f32)(const nibble_product *p) { product(p, 4, load_f32, part_f32); }
void NAME(page_scores_f16)(const nibble_page_scores *p) { scores(p, load_f16); }
void NAME(page_scores_f32)(const nibble_page_scores *p) { scores(p, load_f32); }
void NAME(page_sums_f16)(const nibble_page_sums *p) { sums(p, 2, load_f16, part_f16); }
void NAME(page_sums_f32)(const nibble_page_sums *p) { sums(p, 4, load_f32, part_f32); }
