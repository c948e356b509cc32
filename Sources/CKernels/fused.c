// Fused products: the reference, what every machine has, and the choice. Those of AVX2, AVX-512
// and NEON are beside the dequantizers that they are made of.
#include "fused.h"

#include <math.h>
#include <stdlib.h>

#include "simd.h"

void nibble_fused_matmul_scalar(uint32_t type, const nibble_product *p) {
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  for (size_t t = 0; t < p->tokens; t++)
    for (size_t r = 0; r < p->rows; r++) {
      const uint8_t *block = (const uint8_t *)p->w + r * p->w_stride;
      float sum = 0;
      for (size_t c = 0; c < p->cols; c += values, block += bytes) {
        float w[NIBBLE_SUPER_BLOCK];
        nibble_dequantize_f32_scalar(type, block, w, values);
        for (size_t i = 0; i < values; i++)
          sum = fmaf(w[i], p->x[t * p->x_stride + c + i], sum);
      }
      p->y[t * p->y_stride + r] = sum;
    }
}

// A block at a time; its values stay in the nearest cache.
static void fused_matmul_baseline(uint32_t type, const nibble_product *p) {
  typedef float vec __attribute__((vector_size(16), aligned(4)));
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  for (size_t r = 0; r < p->rows; r++)
    for (size_t first = 0; first < p->tokens; first += FUSED_TOKENS) {
      const size_t rest = p->tokens - first, count = rest < FUSED_TOKENS ? rest : FUSED_TOKENS;
      const uint8_t *block = (const uint8_t *)p->w + r * p->w_stride;
      vec sums[FUSED_TOKENS][2] = {0};
      for (size_t c = 0; c < p->cols; c += values, block += bytes) {
        float w[NIBBLE_SUPER_BLOCK];
        nibble_dequantize_f32_scalar(type, block, w, values);
        for (size_t t = 0; t < count; t++) {
          const float *x = p->x + (first + t) * p->x_stride + c;
          for (size_t i = 0; i < values; i += 8) {
            sums[t][0] += *(const vec *)(w + i) * *(const vec *)(x + i);
            sums[t][1] += *(const vec *)(w + i + 4) * *(const vec *)(x + i + 4);
          }
        }
      }
      for (size_t t = 0; t < count; t++) {
        const vec sum = sums[t][0] + sums[t][1];
        p->y[(first + t) * p->y_stride + r] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
      }
    }
}

void nibble_fused_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *p) {
  if (isa > nibble_isa_best() || nibble_block_values(type) < NIBBLE_BLOCK) abort();
  switch (isa) {
#if NIBBLE_X86
    case NIBBLE_ISA_AVX512: nibble_fused_matmul_avx512(type, p); break;
    case NIBBLE_ISA_AVX2: nibble_fused_matmul_avx2(type, p); break;
#elif NIBBLE_ARM
    case NIBBLE_ISA_NEON: nibble_fused_matmul_neon(type, p); break;
#endif
    default: fused_matmul_baseline(type, p);
  }
}

void nibble_fused_matmul(uint32_t type, const nibble_product *p) {
  nibble_fused_matmul_isa(nibble_isa_best(), type, p);
}
