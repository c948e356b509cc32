#ifndef NIBBLE_DEQUANTIZE_H
#define NIBBLE_DEQUANTIZE_H
// Packed blocks to floating-point values.
//
// Every function takes a type code of blocks.h and a count of values that is a multiple of the
// type's block size; another code, or another count, is a programmer's error and aborts. Each
// product and each sum is rounded to float32 once, in the order that the format's formula gives
// them (no fused multiply-add), so that results are the same bits on every machine and those of
// the `gguf` Python package. Only the payload of a NaN is left open.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

// Values of a block of the type, and its bytes; 0 for a code that has no kernel here.
size_t nibble_block_values(uint32_t type);
size_t nibble_block_bytes(uint32_t type);

// `count` values to float32.
void nibble_dequantize_f32(uint32_t type, const void *src, float *dst, size_t count);

// `count` values to float16: the float32 value, rounded to nearest, ties to even.
void nibble_dequantize_f16(uint32_t type, const void *src, uint16_t *dst, size_t count);

// An upper bound of the magnitude of the values, from the scales alone for a quantized type (it
// is what the largest quants could give, whether they occur or not); for F32, F16 and BF16 the
// largest magnitude itself. INFINITY if a scale or a value is not finite.
float nibble_magnitude_bound(uint32_t type, const void *src, size_t count);

// The reference of each: plain C, one value at a time.
void nibble_dequantize_f32_scalar(uint32_t type, const void *src, float *dst, size_t count);
void nibble_dequantize_f16_scalar(uint32_t type, const void *src, uint16_t *dst, size_t count);
float nibble_magnitude_bound_scalar(uint32_t type, const void *src, size_t count);

// Instruction sets that kernels are written for, slowest first: those of the processor family that
// this is compiled for. The functions above use the last that the machine has.
typedef enum {
  NIBBLE_ISA_SCALAR = 0,
#if defined(__aarch64__)
  NIBBLE_ISA_NEON = 1,          // which every 64-bit Arm has
  NIBBLE_ISA_NEON_DOTPROD = 2,  // with dot products, for the products of integer.h alone
#else
  NIBBLE_ISA_AVX2 = 1,    // AVX2, F16C and FMA
  NIBBLE_ISA_AVX512 = 2,  // AVX-512 F, BW, VL and DQ, with the above
  NIBBLE_ISA_AVX512_VNNI = 3,  // with VNNI, for the products of integer.h alone
#endif
} nibble_isa;

// The best one that this machine has; found once.
nibble_isa nibble_isa_best(void);

// Its name: "avx512", "avx2", "neon" or "scalar".
const char *nibble_cpu_features(void);

// As above, with the kernels of one instruction set, which the machine must have. For tests and
// benchmarks.
void nibble_dequantize_f32_isa(
    nibble_isa isa, uint32_t type, const void *src, float *dst, size_t count);
void nibble_dequantize_f16_isa(
    nibble_isa isa, uint32_t type, const void *src, uint16_t *dst, size_t count);

#ifdef __cplusplus
}
#endif
#endif
