// The kernels of the machine at hand, chosen once.
#include "dequantize.h"

nibble_isa nibble_isa_best(void) { return NIBBLE_ISA_SCALAR; }

const char *nibble_cpu_features(void) { return "scalar"; }

void nibble_dequantize_f32_isa(
    nibble_isa isa, uint32_t type, const void *src, float *dst, size_t count) {
  (void)isa;
  nibble_dequantize_f32_scalar(type, src, dst, count);
}

void nibble_dequantize_f16_isa(
    nibble_isa isa, uint32_t type, const void *src, uint16_t *dst, size_t count) {
  (void)isa;
  nibble_dequantize_f16_scalar(type, src, dst, count);
}

void nibble_dequantize_f32(uint32_t type, const void *src, float *dst, size_t count) {
  nibble_dequantize_f32_isa(nibble_isa_best(), type, src, dst, count);
}

void nibble_dequantize_f16(uint32_t type, const void *src, uint16_t *dst, size_t count) {
  nibble_dequantize_f16_isa(nibble_isa_best(), type, src, dst, count);
}

float nibble_magnitude_bound(uint32_t type, const void *src, size_t count) {
  return nibble_magnitude_bound_scalar(type, src, count);
}
