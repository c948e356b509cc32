#ifndef NIBBLE_SIMD_H
#define NIBBLE_SIMD_H
// What the vector kernels share. Private to CKernels.
//
// Each instruction set has one file, compiled for it function by function (a target attribute, no
// flag for the whole package), so that one binary runs on every machine. A kernel is written once
// for all that can become of its values: `sink` is a constant wherever it is called, and the
// branches on it vanish.
#include <stdlib.h>

#include "dequantize.h"
#include "fused.h"

// Where dequantized values go: to memory as float32 or float16, or, without ever being there, into
// products with so many tokens (SINK_TOKENS + 1 ... SINK_TOKENS + FUSED_TOKENS).
enum { SINK_F32 = 0, SINK_F16 = 1, SINK_TOKENS = 1, FUSED_TOKENS = 8, FUSED_AHEAD = 4096 };

#if defined(__x86_64__)
#define NIBBLE_X86 1
void nibble_dequantize_avx2(
    uint32_t type, const void *src, void *dst, size_t count, int half);
void nibble_dequantize_avx512(
    uint32_t type, const void *src, void *dst, size_t count, int half);
void nibble_fused_matmul_avx2(uint32_t type, const nibble_product *p);
void nibble_fused_matmul_avx512(uint32_t type, const nibble_product *p);
#else
#define NIBBLE_X86 0
#endif

#if defined(__aarch64__)
#define NIBBLE_ARM 1
int nibble_has_dot_products(void);  // those of FEAT_DotProd
void nibble_dequantize_neon(uint32_t type, const void *src, void *dst, size_t count, int half);
void nibble_fused_matmul_neon(uint32_t type, const nibble_product *p);
#else
#define NIBBLE_ARM 0
#endif

// The plain C reference, into float16 (`half`) or float32.
static inline void nibble_dequantize_scalar(
    uint32_t type, const void *src, void *dst, size_t count, int half) {
  if (half) {
    nibble_dequantize_f16_scalar(type, src, dst, count);
  } else {
    nibble_dequantize_f32_scalar(type, src, dst, count);
  }
}
#endif
