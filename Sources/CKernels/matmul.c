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

#define SCALAR_PAGE(name, type, value)                                                    \
  void nibble_page_scores_##name##_scalar(const nibble_page_scores *p) {                  \
    for (size_t t = 0; t < p->tokens; t++)                                                \
      for (size_t i = 0; i < p->count; i++) {                                             \
        float sum = 0;                                                                    \
        for (size_t c = 0; c < p->cols; c++)                                              \
          sum = fmaf(value(((const type *)p->keys)[c * NIBBLE_PAGE + i]),                 \
                     p->q[t * p->q_stride + c], sum);                                     \
        p->y[t * p->y_stride + i] = sum;                                                  \
      }                                                                                   \
  }                                                                                       \
  void nibble_page_sums_##name##_scalar(const nibble_page_sums *p) {                      \
    for (size_t t = 0; t < p->tokens; t++)                                                \
      for (size_t r = 0; r < p->rows; r++)                                                \
        for (size_t c = 0; c < p->cols; c++) {                                            \
          float *out = p->out + t * p->out_stride + c;                                    \
          *out = fmaf(p->weights[t * p->weights_stride + r],                              \
                      value(((const type *)p->values)[r * p->stride + c]), *out);         \
        }                                                                                 \
  }
SCALAR_PAGE(f16, uint16_t, nibble_half_to_float)
SCALAR_PAGE(f32, float, AS_IT_IS)

// The versions of matmul_body.h.
#define DECLARE(suffix)                                              \
  void nibble_matmul_f16_##suffix(const nibble_product *p);          \
  void nibble_matmul_bf16_##suffix(const nibble_product *p);         \
  void nibble_matmul_f32_##suffix(const nibble_product *p);          \
  void nibble_page_scores_f16_##suffix(const nibble_page_scores *p); \
  void nibble_page_scores_f32_##suffix(const nibble_page_scores *p); \
  void nibble_page_sums_f16_##suffix(const nibble_page_sums *p);     \
  void nibble_page_sums_f32_##suffix(const nibble_page_sums *p);
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
#elif defined(__aarch64__)
DECLARE(neon)
#define CALL(isa, kernel, ...)                                        \
  switch (isa) {                                                      \
    case NIBBLE_ISA_NEON: nibble_##kernel##_neon(__VA_ARGS__); break; \
    default: nibble_##kernel##_baseline(__VA_ARGS__);                 \
  }
#else
#define CALL(isa, kernel, ...) nibble_##kernel##_baseline(__VA_ARGS__)
#endif

// The best version is asked for at every call: one load and a branch that is always predicted,
// against thousands of multiplications.
#define BEST(kernel, type) \
  void nibble_##kernel(const type *p) { CALL(nibble_isa_best(), kernel, p); }
BEST(matmul_f16, nibble_product)
BEST(matmul_bf16, nibble_product)
BEST(matmul_f32, nibble_product)
BEST(page_scores_f16, nibble_page_scores)
BEST(page_scores_f32, nibble_page_scores)
BEST(page_sums_f16, nibble_page_sums)
BEST(page_sums_f32, nibble_page_sums)

void nibble_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *p) {
  if (isa > nibble_isa_best()) abort();
  switch (type) {
    case NIBBLE_TYPE_F16: CALL(isa, matmul_f16, p); break;
    case NIBBLE_TYPE_BF16: CALL(isa, matmul_bf16, p); break;
    case NIBBLE_TYPE_F32: CALL(isa, matmul_f32, p); break;
    default: abort();
  }
}

#define OF_TYPE(kernel, parameter)                                                \
  void nibble_##kernel##_isa(nibble_isa isa, uint32_t type, const parameter *p) { \
    if (isa > nibble_isa_best()) abort();                                         \
    switch (type) {                                                               \
      case NIBBLE_TYPE_F16: CALL(isa, kernel##_f16, p); break;                    \
      case NIBBLE_TYPE_F32: CALL(isa, kernel##_f32, p); break;                    \
      default: abort();                                                           \
    }                                                                             \
  }
OF_TYPE(page_scores, nibble_page_scores)
OF_TYPE(page_sums, nibble_page_sums)
