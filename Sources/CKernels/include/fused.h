#ifndef NIBBLE_FUSED_H
#define NIBBLE_FUSED_H
// Products of packed weights with f32 activations in which weights are floats in registers alone:
// each is dequantized to float32, by its format's formula, and multiplied at once.
#include "dequantize.h"
#include "matmul.h"

#ifdef __cplusplus
extern "C" {
#endif

// As in matmul.h, of rows of blocks of a quantized type: `w_stride` is in bytes here, and `cols` a
// multiple of the type's block size. Splitting a product by rows or by tokens changes no bit.
void nibble_fused_matmul(uint32_t type, const nibble_product *product);

// Plain loops over dequantized values, for tests.
void nibble_fused_matmul_scalar(uint32_t type, const nibble_product *product);

// The kernels of one instruction set, which the machine must have. For tests and benchmarks.
void nibble_fused_matmul_isa(nibble_isa isa, uint32_t type, const nibble_product *product);

#ifdef __cplusplus
}
#endif
#endif
