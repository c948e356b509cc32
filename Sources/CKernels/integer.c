// Integer products: the reference, the layouts, and the choice of a kernel.
#include "integer_blocks.h"
#include "simd.h"

size_t nibble_int8_bytes(size_t tokens, size_t cols) {
  return tokens * (cols / 32) * sizeof(nibble_int8_block);
}

// Block `b` of 32 columns of token `t`.
static const nibble_int8_block *int8_block(const nibble_integer_product *p, size_t t, size_t b) {
  size_t first = 0, size = nibble_int8_group(p->tokens);
  while (first + size <= t) {
    first += size;
    size = nibble_int8_group(p->tokens - first);
  }
  return p->x + first * (p->cols / 32) + b * size + (t - first);
}

void nibble_integer_row_scalar(const nibble_integer_product *p, const void *w, size_t row) {
  const size_t values = nibble_block_values(p->type), bytes = nibble_block_bytes(p->type);
  const int halved = is_halved(p->type);
  for (size_t t = 0; t < p->tokens; t++) {
    const uint8_t *block = w;
    const nibble_int8_block *x = int8_block(p, t, 0);
    const size_t to_next = p->tokens == 1 ? 1 : (size_t)(int8_block(p, t, 1) - x);
    float sum = 0;
    for (size_t c = 0; c < p->cols; c += values, block += bytes) {
      uint8_t u[NIBBLE_SUPER_BLOCK];
      float d[NIBBLE_SUPER_BLOCK / 16], m[NIBBLE_SUPER_BLOCK / 16];
      integers_of_block(p->type, block, u, d, m);
      for (size_t i = 0; i < values; i += 32, x += to_next) {
        int32_t dots[2] = {0, 0};
        for (int j = 0; j < 32; j++) dots[j / 16] += (int32_t)u[i + j] * x->q[j];
        if (halved) {
          for (int h = 0; h < 2; h++) {
            sum = fmaf((float)dots[h], d[i / 16 + h] * x->d, sum);
            sum = fmaf(m[i / 16 + h], x->half[h], sum);
          }
        } else {
          sum = fmaf((float)(dots[0] + dots[1]), d[i / 16] * x->d, sum);
          sum = fmaf(m[i / 16], x->sum, sum);
        }
      }
    }
    p->y[t * p->y_stride + row] = sum;
  }
}

void nibble_integer_matmul_scalar(const nibble_integer_product *p) {
  const size_t bytes = p->cols / nibble_block_values(p->type) * nibble_block_bytes(p->type);
  for (size_t r = 0; r < p->rows; r++)
    nibble_integer_row_scalar(p, (const uint8_t *)p->w + r * bytes, r);
}

int nibble_has_integers(uint32_t type) { return units_of(type) != NULL; }

// 16 rows of one block; `stride` bytes lie from one row to the next.
static void interleave_block(const nibble_units *units, const uint8_t *src, size_t stride,
                             uint8_t *dst) {
  for (; units->width > 0; units++)
    for (int i = 0; i < units->count; i++, src += units->width)
      for (size_t r = 0; r < NIBBLE_PANEL; r++, dst += units->width) {
        switch (units->width) {
          case 1: *dst = src[r * stride]; break;
          case 2: memcpy(dst, src + r * stride, 2); break;
          default: memcpy(dst, src + r * stride, 4);
        }
      }
}

void nibble_interleave(uint32_t type, const void *src, void *dst, size_t rows, size_t cols) {
  const nibble_units *units = units_of(type);
  if (units == NULL) abort();
  const size_t bytes = nibble_block_bytes(type);
  const size_t row = cols / nibble_block_values(type) * bytes;
  const uint8_t *from = src;
  uint8_t *to = dst;
  size_t r = 0;
  for (; r + NIBBLE_PANEL <= rows; r += NIBBLE_PANEL, from += NIBBLE_PANEL * row)
    for (size_t b = 0; b < row; b += bytes, to += NIBBLE_PANEL * bytes)
      interleave_block(units, from + b, row, to);
  memcpy(to, from, (rows - r) * row);
}

// The bytes of row `r` of a panel's block.
static void gather_block(const nibble_units *units, const uint8_t *src, size_t r, uint8_t *dst) {
  for (; units->width > 0; units++)
    for (int i = 0; i < units->count; i++, src += NIBBLE_PANEL * units->width, dst += units->width)
      memcpy(dst, src + r * units->width, units->width);
}

void nibble_dequantize_interleaved(uint32_t type, const void *panels, size_t rows, size_t cols,
                                   size_t row, float *dst) {
  const nibble_units *units = units_of(type);
  uint8_t block[NIBBLE_SUPER_BLOCK];  // 210 bytes at most, those of Q6_K
  const size_t bytes = nibble_block_bytes(type), values = nibble_block_values(type);
  if (units == NULL || bytes > sizeof block) abort();
  const size_t first = row / NIBBLE_PANEL * NIBBLE_PANEL, row_bytes = cols / values * bytes;
  if (first + NIBBLE_PANEL > rows) {
    nibble_dequantize_f32(type, (const uint8_t *)panels + row * row_bytes, dst, cols);
    return;
  }
  const uint8_t *src = (const uint8_t *)panels + first * row_bytes;
  for (size_t c = 0; c < cols; c += values, src += NIBBLE_PANEL * bytes) {
    gather_block(units, src, row - first, block);
    nibble_dequantize_f32(type, block, dst + c, values);
  }
}

// MARK: The choice of a kernel

#define DECLARE(suffix)                                                                    \
  void nibble_integer_matmul_##suffix(const nibble_integer_product *p, size_t first,       \
                                      size_t count);                                       \
  void nibble_int8_quantize_##suffix(const float *x, size_t x_stride, size_t tokens,       \
                                     size_t cols, nibble_int8_block *blocks);
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
DECLARE(avx512_vnni)
#define CALL(isa, kernel, ...)                                                  \
  switch (isa) {                                                                \
    case NIBBLE_ISA_AVX512_VNNI: nibble_##kernel##_avx512_vnni(__VA_ARGS__); break; \
    case NIBBLE_ISA_AVX512: nibble_##kernel##_avx512(__VA_ARGS__); break;       \
    case NIBBLE_ISA_AVX2: nibble_##kernel##_avx2(__VA_ARGS__); break;           \
    default: nibble_##kernel##_baseline(__VA_ARGS__);                           \
  }
#elif defined(__aarch64__)
DECLARE(neon)
DECLARE(neon_dotprod)
#define CALL(isa, kernel, ...)                                                        \
  switch (isa) {                                                                      \
    case NIBBLE_ISA_NEON_DOTPROD: nibble_##kernel##_neon_dotprod(__VA_ARGS__); break; \
    case NIBBLE_ISA_NEON: nibble_##kernel##_neon(__VA_ARGS__); break;                 \
    default: nibble_##kernel##_baseline(__VA_ARGS__);                                 \
  }
#else
#define CALL(isa, kernel, ...) nibble_##kernel##_baseline(__VA_ARGS__)
#endif

nibble_isa nibble_integer_isa_best(void) {
#if defined(__x86_64__)
  if (nibble_isa_best() == NIBBLE_ISA_AVX512 && __builtin_cpu_supports("avx512vnni"))
    return NIBBLE_ISA_AVX512_VNNI;
#elif defined(__aarch64__)
  if (nibble_has_dot_products()) return NIBBLE_ISA_NEON_DOTPROD;
#endif
  return nibble_isa_best();
}

void nibble_integer_matmul(const nibble_integer_product *p, size_t first, size_t count) {
  CALL(nibble_integer_isa_best(), integer_matmul, p, first, count);
}

void nibble_int8_quantize(const float *x, size_t x_stride, size_t tokens, size_t cols,
                          nibble_int8_block *blocks) {
  CALL(nibble_integer_isa_best(), int8_quantize, x, x_stride, tokens, cols, blocks);
}

void nibble_integer_matmul_isa(nibble_isa isa, const nibble_integer_product *p, size_t first,
                               size_t count) {
  if (isa > nibble_integer_isa_best()) abort();
  CALL(isa, integer_matmul, p, first, count);
}

void nibble_int8_quantize_isa(nibble_isa isa, const float *x, size_t x_stride, size_t tokens,
                              size_t cols, nibble_int8_block *blocks) {
  if (isa > nibble_integer_isa_best()) abort();
  CALL(isa, int8_quantize, x, x_stride, tokens, cols, blocks);
}
