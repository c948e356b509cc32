#include "matmul.h"

#include <math.h>
#include <string.h>

static float f16_value(uint16_t bits) {
  _Float16 half;
  memcpy(&half, &bits, 2);
  return half;
}
static float bf16_value(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

#define SCALAR_MATMUL(name, type, value)                                          \
  void nibble_matmul_##name##_scalar(const nibble_product *p) {                   \
    for (size_t t = 0; t < p->tokens; t++)                                        \
      for (size_t r = 0; r < p->rows; r++) {                                      \
        const type *w = (const type *)p->w + r * p->w_stride;                     \
        float sum = 0;                                                            \
        for (size_t c = 0; c < p->cols; c++)                                      \
          sum = fmaf(value(w[c]), p->x[t * p->x_stride + c], sum);                \
        p->y[t * p->y_stride + r] = sum;                                          \
      }                                                                           \
  }
#define AS_IT_IS(v) (v)
SCALAR_MATMUL(f16, uint16_t, f16_value)
SCALAR_MATMUL(bf16, uint16_t, bf16_value)
SCALAR_MATMUL(f32, float, AS_IT_IS)

#define SCALAR_WEIGHTED_SUM(name, type, value)                                               \
  void nibble_weighted_sum_##name##_scalar(const type *v, size_t stride, size_t rows,        \
                                           size_t cols, const float *weights, float *out) {  \
    for (size_t r = 0; r < rows; r++)                                                        \
      for (size_t c = 0; c < cols; c++)                                                      \
        out[c] = fmaf(weights[r], value(v[r * stride + c]), out[c]);                         \
  }
SCALAR_WEIGHTED_SUM(f16, uint16_t, f16_value)
SCALAR_WEIGHTED_SUM(f32, float, AS_IT_IS)

// The best version for this processor, asked for at every call: one load and a branch that is
// always predicted, against thousands of multiplications.
#define DECLARE(suffix)                                                                      \
  void nibble_matmul_f16_##suffix(const nibble_product *p);                                  \
  void nibble_matmul_bf16_##suffix(const nibble_product *p);                                 \
  void nibble_matmul_f32_##suffix(const nibble_product *p);                                  \
  void nibble_weighted_sum_f16_##suffix(const uint16_t *v, size_t stride, size_t rows,       \
                                        size_t cols, const float *weights, float *out);      \
  void nibble_weighted_sum_f32_##suffix(const float *v, size_t stride, size_t rows,          \
                                        size_t cols, const float *weights, float *out);
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#define HAS_AVX512                                                           \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && \
   __builtin_cpu_supports("avx512vl"))
#define HAS_AVX2 \
  (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
#define DISPATCH(kernel, ...)                                  \
  if (HAS_AVX512) return nibble_##kernel##_avx512(__VA_ARGS__); \
  if (HAS_AVX2) return nibble_##kernel##_avx2(__VA_ARGS__);     \
  nibble_##kernel##_baseline(__VA_ARGS__)
#else
#define DISPATCH(kernel, ...) nibble_##kernel##_baseline(__VA_ARGS__)
#endif

void nibble_matmul_f16(const nibble_product *p) { DISPATCH(matmul_f16, p); }
void nibble_matmul_bf16(const nibble_product *p) { DISPATCH(matmul_bf16, p); }
void nibble_matmul_f32(const nibble_product *p) { DISPATCH(matmul_f32, p); }
void nibble_weighted_sum_f16(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out) {
  DISPATCH(weighted_sum_f16, v, stride, rows, cols, weights, out);
}
void nibble_weighted_sum_f32(const float *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out) {
  DISPATCH(weighted_sum_f32, v, stride, rows, cols, weights, out);
}
