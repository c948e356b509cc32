// q2_k and q3_k, for dequantize_avx2.c and dequantize_avx512.c: both have 256-bit integers, and an
// `affine_halves` for 32 values with two scales.

// Bits `shift` and `shift + 1` of 32 bytes.
INLINE __m256i bit_pairs(const uint8_t *qs, int shift) {
  const __m256i bytes = _mm256_loadu_si256((const void *)qs);
  // Shifts of words: what comes over from the neighbour is masked away.
  return _mm256_and_si256(
      _mm256_srl_epi16(bytes, _mm_cvtsi32_si128(shift)), _mm256_set1_epi8(3));
}

INLINE void q2_k(const nibble_block_q2_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d), dmin = nibble_half_to_float(b->dmin);
    for (int j = 0; j < 8; j++) {
      float scales[2], offsets[2];
      for (int h = 0; h < 2; h++) {
        const uint8_t code = b->scales[2 * j + h];
        scales[h] = d * (float)(code & 0x0f);
        offsets[h] = -(dmin * (float)(code >> 4));  // adding it is subtracting: the same bits
      }
      const __m256i q = bit_pairs(b->qs + 32 * (j / 4), 2 * (j % 4));
      affine_halves(dst, i + 32 * (size_t)j, q, scales, offsets, 1, sink);
    }
  }
}

INLINE void q3_k(const nibble_block_q3_k *b, void *dst, size_t count, int sink) {
  const float none[2] = {0, 0};
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d);
    const __m256i hmask = _mm256_loadu_si256((const void *)b->hmask);
    for (int j = 0; j < 8; j++) {
      float scales[2];
      for (int h = 0; h < 2; h++)
        scales[h] = d * (float)(nibble_q3_k_scale(b->scales, 2 * j + h) - 32);
      const __m256i bit = _mm256_set1_epi8((char)(1 << j));
      const __m256i missing =
          _mm256_andnot_si256(_mm256_cmpeq_epi8(_mm256_and_si256(hmask, bit), bit),
                              _mm256_set1_epi8(4));
      const __m256i q =
          _mm256_sub_epi8(bit_pairs(b->qs + 32 * (j / 4), 2 * (j % 4)), missing);
      affine_halves(dst, i + 32 * (size_t)j, q, scales, none, 0, sink);
    }
  }
}
