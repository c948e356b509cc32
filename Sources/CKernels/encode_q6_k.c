// Packing of Q6_K: a search for the scales that lose least.
//
// A super-block has sixteen sub-blocks of 16 values with a scale each and no minimum. For several
// ways to round the values of a sub-block to -32 ... 31, the scale that fits those quants best is
// found by least squares, weighted by the values' squares, and the best of all is kept. The scales
// are then rounded to eight bits, and the values anew with what is really stored. The weights and
// the candidates are those of ggml's reference quantizer, so that files compare.
#include <math.h>

#include "encode_blocks.h"

#pragma STDC FP_CONTRACT OFF

enum { SUB_BLOCK = 16, SUB_BLOCKS = 16, LOWEST = -32, HIGHEST = 31, CANDIDATES = 9 };

// To the nearest of -32 ... 31, ties to even.
static float step_of(float value) {
  const float kept = value < LOWEST ? LOWEST : value > HIGHEST ? HIGHEST : value;
  return (kept + 0x1.8p23f) - 0x1.8p23f;
}

static float best_scale(const float *x) {
  float largest = 0;
  for (int i = 0; i < SUB_BLOCK; i++)
    if (fabsf(x[i]) > fabsf(largest)) largest = x[i];
  if (!(fabsf(largest) >= 1e-15f)) return 0;
  float best = 0, scale = 0;
  for (int candidate = -CANDIDATES; candidate <= CANDIDATES; candidate++) {
    // The value of the largest magnitude becomes about -32: the side that has one more step.
    const float inverse = (LOWEST - 0.1f * (float)candidate) / largest;
    float sum_xq = 0, sum_qq = 0;
    for (int i = 0; i < SUB_BLOCK; i++) {
      const float q = step_of(inverse * x[i]), w = x[i] * x[i];
      sum_xq += w * x[i] * q;
      sum_qq += w * q * q;
    }
    if (sum_qq > 0 && sum_xq * sum_xq > best * sum_qq) {
      scale = sum_xq / sum_qq;
      best = scale * sum_xq;
    }
  }
  return scale;
}

bool nibble_encode_q6_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q6_k *b) {
  float scales[SUB_BLOCKS], largest = 0;
  // Beyond this the scale passes float16, and far beyond it the squares pass float32.
  for (int i = 0; i < NIBBLE_SUPER_BLOCK; i++)
    if (!(fabsf(x[i]) <= 65504.0f * 128 * 32)) return false;
  for (int j = 0; j < SUB_BLOCKS; j++) {
    scales[j] = best_scale(x + SUB_BLOCK * j);
    if (fabsf(scales[j]) > fabsf(largest)) largest = scales[j];
  }
  b->d = nibble_float_to_half(largest / -128.0f);
  if (!nibble_half_is_finite(b->d)) return false;
  const float d = nibble_half_to_float(b->d);
  const float inverse = fabsf(largest) >= 1e-15f ? -128.0f / largest : 0;
  uint8_t q[NIBBLE_SUPER_BLOCK];
  for (int j = 0; j < SUB_BLOCKS; j++) {
    const float code = (inverse * scales[j] + 0x1.8p23f) - 0x1.8p23f;
    b->scales[j] = (int8_t)(code > 127 ? 127 : code);
    const float dj = d * (float)b->scales[j], back = dj != 0 ? 1.0f / dj : 0;
    for (int i = 0; i < SUB_BLOCK; i++)
      q[SUB_BLOCK * j + i] = (uint8_t)(int)(step_of(x[SUB_BLOCK * j + i] * back) - LOWEST);
  }
  for (int half = 0; half < 2; half++)
    for (int i = 0; i < 32; i++) {
      const uint8_t *v = q + 128 * half + i;
      b->ql[64 * half + i] = (uint8_t)((v[0] & 0x0f) | (v[64] & 0x0f) << 4);
      b->ql[64 * half + 32 + i] = (uint8_t)((v[32] & 0x0f) | (v[96] & 0x0f) << 4);
      b->qh[32 * half + i] =
          (uint8_t)(v[0] >> 4 | v[32] >> 4 << 2 | v[64] >> 4 << 4 | v[96] >> 4 << 6);
    }
  return true;
}
