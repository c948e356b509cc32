// The end of dequantize_avx2.c, dequantize_avx512.c and dequantize_neon.c, after one function a
// format: which function is for which type, and what is exported. Type and sink are constants in
// each call, so that the choices between them are made once and not for every value.
INLINE void dequantize(uint32_t type, const void *src, void *dst, size_t count, int sink) {
  switch (type) {
    case NIBBLE_TYPE_Q4_0: q4_0(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q4_1: q4_1(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q5_0: q5_0(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q5_1: q5_1(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q8_0: q8_0(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q4_K: q4_k(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q5_K: q5_k(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q6_K: q6_k(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q2_K: q2_k(src, dst, count, sink); break;
    case NIBBLE_TYPE_Q3_K: q3_k(src, dst, count, sink); break;
    case NIBBLE_TYPE_IQ4_NL: iq4_nl(src, dst, count, sink); break;
    case NIBBLE_TYPE_IQ4_XS: iq4_xs(src, dst, count, sink); break;
    case NIBBLE_TYPE_MXFP4: mxfp4(src, dst, count, sink); break;
    case NIBBLE_TYPE_NF4: absmax(src, nibble_nf4_values, dst, count, sink); break;
    case NIBBLE_TYPE_FP4: absmax(src, nibble_fp4_values, dst, count, sink); break;
    case NIBBLE_TYPE_F32: floats(NIBBLE_TYPE_F32, src, dst, count, sink); break;
    case NIBBLE_TYPE_F16: floats(NIBBLE_TYPE_F16, src, dst, count, sink); break;
    case NIBBLE_TYPE_BF16: floats(NIBBLE_TYPE_BF16, src, dst, count, sink); break;
  }
}

TARGET void NAME(dequantize)(uint32_t type, const void *src, void *dst, size_t count, int half) {
  if (half) {
    dequantize(type, src, dst, count, SINK_F16);
  } else {
    dequantize(type, src, dst, count, SINK_F32);
  }
}

// One row times T tokens.
INLINE void fused_row(uint32_t type, const nibble_product *p, size_t row, size_t token,
                      const int T) {
  products sums = {.x = p->x + token * p->x_stride, .x_stride = p->x_stride};
  const uint8_t *w = (const uint8_t *)p->w + row * p->w_stride;
  dequantize(type, w, &sums, p->cols, SINK_TOKENS + T);
#pragma clang loop unroll(full)
  for (int t = 0; t < T; t++)
    p->y[(token + (size_t)t) * p->y_stride + row] = sum_of(sums.sums[t][0], sums.sums[t][1]);
}

// Tokens outermost: their activations stay in the nearest cache while the rows pass by.
INLINE void fused_rows(uint32_t type, const nibble_product *p) {
  size_t token = 0;
  for (; token + FUSED_TOKENS <= p->tokens; token += FUSED_TOKENS)
    for (size_t row = 0; row < p->rows; row++) fused_row(type, p, row, token, FUSED_TOKENS);
  for (; token + 2 <= p->tokens; token += 2)
    for (size_t row = 0; row < p->rows; row++) fused_row(type, p, row, token, 2);
  if (token < p->tokens)
    for (size_t row = 0; row < p->rows; row++) {
      const char *ahead = (const char *)p->w + row * p->w_stride + FUSED_AHEAD;
      for (size_t i = 0; i < p->w_stride; i += 64) __builtin_prefetch(ahead + i);
      fused_row(type, p, row, token, 1);
    }
}

TARGET void NAME(fused_matmul)(uint32_t type, const nibble_product *p) {
  switch (type) {
#define CASE(type) case type: fused_rows(type, p); break;
    NIBBLE_EACH_BLOCK_TYPE(CASE)
    default: abort();
#undef CASE
  }
}
