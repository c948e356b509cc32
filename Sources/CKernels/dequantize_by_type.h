// The end of dequantize_avx2.c and dequantize_avx512.c, after one function a format: which function
// is for which type. NAME is what is exported. `half` is a constant in each of the two calls, so
// that the choice between float16 and float32 is made once and not for every value.
INLINE void dequantize(uint32_t type, const void *src, void *dst, size_t count, int half) {
  switch (type) {
    case NIBBLE_TYPE_Q4_0: q4_0(src, dst, count, half); break;
    case NIBBLE_TYPE_Q4_1: q4_1(src, dst, count, half); break;
    case NIBBLE_TYPE_Q5_0: q5_0(src, dst, count, half); break;
    case NIBBLE_TYPE_Q5_1: q5_1(src, dst, count, half); break;
    case NIBBLE_TYPE_Q8_0: q8_0(src, dst, count, half); break;
    case NIBBLE_TYPE_Q4_K: q4_k(src, dst, count, half); break;
    case NIBBLE_TYPE_Q5_K: q5_k(src, dst, count, half); break;
    case NIBBLE_TYPE_Q6_K: q6_k(src, dst, count, half); break;
    case NIBBLE_TYPE_F32: floats(NIBBLE_TYPE_F32, src, dst, count, half); break;
    case NIBBLE_TYPE_F16: floats(NIBBLE_TYPE_F16, src, dst, count, half); break;
    case NIBBLE_TYPE_BF16: floats(NIBBLE_TYPE_BF16, src, dst, count, half); break;
  }
}

TARGET void NAME(
    uint32_t type, const void *src, void *dst, size_t count, int half) {
  if (half) {
    dequantize(type, src, dst, count, 1);
  } else {
    dequantize(type, src, dst, count, 0);
  }
}
