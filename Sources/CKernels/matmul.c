#include "matmul.h"

#include <math.h>
#include <stdlib.h>

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
SCALAR_MATMUL(f16, uint16_t, nibble_half_to_float)
SCALAR_MATMUL(bf16, uint16_t, nibble_bfloat_to_float)
SCALAR_MATMUL(f32, float, AS_IT_IS)

#define SCALAR_WEIGHTED_SUM(name, type, value)                                               \
  void nibble_weighted_sum_##name##_scalar(const type *v, size_t stride, size_t rows,        \
                                           size_t cols, const float *weights, float *out) {  \
    for (size_t r = 0; r < rows; r++)                                                        \
      for (size_t c = 0; c < cols; c++)                                                      \
        out[c] = fmaf(weights[r], value(v[r * stride + c]), out[c]);                         \
  }
SCALAR_WEIGHTED_SUM(f16, uint16_t, nibble_half_to_float)
SCALAR_WEIGHTED_SUM(f32, float, AS_IT_IS)

// The versions of matmul_body.h.
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
#define CALL(isa, kernel, ...)                                                \
  switch (isa) {                                                              \
    case NIBBLE_ISA_AVX512: nibble_##kernel##_avx512(__VA_ARGS__); break;     \
    case NIBBLE_ISA_AVX2: nibble_##kernel##_avx2(__VA_ARGS__); break;         \
    default: nibble_##kernel##_baseline(__VA_ARGS__);                         \
  }
#else
#define CALL(isa, kernel, ...) nibble_##kernel##_baseline(__VA_ARGS__)
#endif

// The best version is asked for at every call: one load and a branch that is always predicted,
// against thousands of multiplications.
void nibble_matmul_f16(const nibble_product *p) { CALL(nibble_isa_best(), matmul_f16, p); }
void nibble_matmul_bf16(const nibble_product *p) { CALL(nibble_isa_best(), matmul_bf16, p); }
void nibble_matmul_f32(const nibble_product *p) { CALL(nibble_isa_best(), matmul_f32, p); }
void nibble_weighted_sum_f16(const uint16_t *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out) {
  CALL(nibble_isa_best(), weighted_sum_f16, v, stride, rows, cols, weights, out);
}
void nibble_weighted_sum_f32(const float *v, size_t stride, size_t rows, size_t cols,
                             const float *weights, float *out) {
  CALL(nibble_isa_best(), weighted_sum_f32, v, stride, rows, cols, weights, out);
}

void nibble_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *p) {
  if (isa > nibble_isa_best()) abort();
  switch (type) {
    case NIBBLE_TYPE_F16: CALL(isa, matmul_f16, p); break;
    case NIBBLE_TYPE_BF16: CALL(isa, matmul_bf16, p); break;
    case NIBBLE_TYPE_F32: CALL(isa, matmul_f32, p); break;
    default: abort();
  }
}

void nibble_weighted_sum_isa(nibble_isa isa, uint32_t type, const void *v, size_t stride,
                             size_t rows, size_t cols, const float *weights, float *out) {
  if (isa > nibble_isa_best()) abort();
  switch (type) {
    case NIBBLE_TYPE_F16:
      CALL(isa, weighted_sum_f16, v, stride, rows, cols, weights, out);
      break;
    case NIBBLE_TYPE_F32:
      CALL(isa, weighted_sum_f32, v, stride, rows, cols, weights, out);
      break;
    default: abort();
  }
}
