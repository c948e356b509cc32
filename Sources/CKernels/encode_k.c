// Packing of Q4_K and Q5_K: a search for the scales and minimums that lose least.
//
// A super-block has eight sub-blocks of 32 values. Each is fitted on its own first: for several
// ways to round its values to whole steps, the scale and minimum that fit those quants best are
// found by weighted least squares, and the best of all is kept. The eight scales and minimums are
// then themselves quantized to six bits, their neighbours tried too, and the values rounded anew
// with what is really stored. Errors are weighted by a value's magnitude plus the sub-block's root
// mean square, since products with large weights carry most of the result; the weights and the
// candidates are those of ggml's reference quantizer, so that files compare.
//
// Four lanes are summed side by side, in an order that no machine changes.
#include <math.h>

#include "encode_blocks.h"

#pragma STDC FP_CONTRACT OFF

enum { SUB_BLOCK = 32, SUB_BLOCKS = 8, TOP_SCALE = 63 };

// What quants can be, 0 ... top, and the ranges that are tried: top + first + 0.1 step for steps of
// 0 ... last.
typedef struct {
  float top, first;
  int last;
} grid;
static const grid four_bits = {15, -1.0f, 20}, five_bits = {31, -0.5f, 15};

typedef float lanes __attribute__((vector_size(16)));
typedef int32_t int_lanes __attribute__((vector_size(16)));
enum { LANES = 4, GROUPS = SUB_BLOCK / LANES };

// 32 values, their weights, and sums over them that every fit needs.
typedef struct {
  lanes x[GROUPS];
  lanes w[GROUPS];
  float sum_w, sum_wx;
} sub_block;

// value = scale * q - minimum, with minimum >= 0.
typedef struct {
  float scale, minimum;
} fit;

static float sum(lanes v) {
  return (v[0] + v[2]) + (v[1] + v[3]);
}

static lanes fill(float value) { return (lanes){0} + value; }

// To the nearest of 0 ... top, ties to even.
static lanes quants(lanes v, float top) {
  const int_lanes positive = v > fill(0);
  v = (lanes)((int_lanes)v & positive);
  const int_lanes low = v < fill(top);
  v = (lanes)(((int_lanes)v & low) | ((int_lanes)fill(top) & ~low));
  // Sums of this size have no room for a fraction.
  return (v + 0x1.8p23f) - 0x1.8p23f;
}

static sub_block weighted(const float *x) {
  sub_block s;
  memcpy(s.x, x, sizeof s.x);
  lanes squares = {0};
  for (int g = 0; g < GROUPS; g++) squares += s.x[g] * s.x[g];
  const float root_mean_square = sqrtf(sum(squares) / SUB_BLOCK);
  const int32_t magnitude = 0x7fffffff;
  lanes w = {0}, wx = {0};
  for (int g = 0; g < GROUPS; g++) {
    s.w[g] = (lanes)((int_lanes)s.x[g] & magnitude) + root_mean_square;
    w += s.w[g];
    wx += s.w[g] * s.x[g];
  }
  s.sum_w = sum(w);
  s.sum_wx = sum(wx);
  return s;
}

// The weighted squared error of the values rounded with a fit.
static float error_of(const sub_block *s, fit f, float top) {
  const float inverse = f.scale > 0 ? 1.0f / f.scale : 0.0f;
  lanes error = {0};
  for (int g = 0; g < GROUPS; g++) {
    const lanes q = quants((s->x[g] + f.minimum) * inverse, top);
    const lanes difference = q * f.scale - f.minimum - s->x[g];
    error += s->w[g] * difference * difference;
  }
  return sum(error);
}

// Quants are (x - low) * inverse, rounded; the fit that suits them best, and its error.
static fit refit(const sub_block *s, float low, float inverse, float top, float *error) {
  lanes wq = {0}, wqq = {0}, wqx = {0};
  lanes q[GROUPS];
  for (int g = 0; g < GROUPS; g++) {
    q[g] = quants((s->x[g] - low) * inverse, top);
    const lanes product = s->w[g] * q[g];
    wq += product;
    wqq += product * q[g];
    wqx += product * s->x[g];
  }
  const float sum_q = sum(wq), sum_qq = sum(wqq), sum_qx = sum(wqx);
  const float determinant = s->sum_w * sum_qq - sum_q * sum_q;
  fit f = {0, 0};
  if (determinant > 0) {
    f.scale = (s->sum_w * sum_qx - s->sum_wx * sum_q) / determinant;
    f.minimum = (sum_q * sum_qx - sum_qq * s->sum_wx) / determinant;
  }
  if (!(f.minimum >= 0)) {  // the format has no negative minimum: the best line through zero
    f.minimum = 0;
    f.scale = sum_qq > 0 ? sum_qx / sum_qq : 0;
  }
  lanes errors = {0};
  for (int g = 0; g < GROUPS; g++) {
    const lanes difference = q[g] * f.scale - f.minimum - s->x[g];
    errors += s->w[g] * difference * difference;
  }
  *error = sum(errors);
  return f;
}

static fit best_fit(const sub_block *s, const grid *grid) {
  float low = 0, high = s->x[0][0];
  for (int g = 0; g < GROUPS; g++) {
    for (int i = 0; i < LANES; i++) {
      low = fminf(low, s->x[g][i]);
      high = fmaxf(high, s->x[g][i]);
    }
  }
  if (!(high > low)) return (fit){0, -low};
  fit best = {(high - low) / grid->top, -low};
  float least = error_of(s, best, grid->top);
  for (int step = 0; step <= grid->last; step++) {
    // From the best minimum so far, so that good fits get better.
    const float start = -best.minimum, steps = grid->top + grid->first + 0.1f * (float)step;
    float error;
    const fit f = refit(s, start, steps / (high - start), grid->top, &error);
    if (f.scale >= 0 && error < least) {
      least = error;
      best = f;
    }
  }
  return best;
}

static int nearest(float value, int top) {
  const int rounded = (int)(value + 0.5f);
  return rounded < 0 ? 0 : rounded > top ? top : rounded;
}

// Six-bit codes of a fit: the nearest ones, or neighbours that lose less.
static void best_codes(
    const sub_block *s, fit f, float d, float dmin, float top, uint8_t *scale,
    uint8_t *minimum) {
  const int scale0 = d > 0 ? nearest(f.scale / d, TOP_SCALE) : 0;
  const int minimum0 = dmin > 0 ? nearest(f.minimum / dmin, TOP_SCALE) : 0;
  float least = INFINITY;
  for (int i = scale0 - 1; i <= scale0 + 1; i++) {
    for (int j = minimum0 - 1; j <= minimum0 + 1; j++) {
      if (i < 0 || i > TOP_SCALE || j < 0 || j > TOP_SCALE) continue;
      const float error = error_of(s, (fit){d * (float)i, dmin * (float)j}, top);
      if (error < least) {
        least = error;
        *scale = (uint8_t)i;
        *minimum = (uint8_t)j;
      }
    }
  }
}

static void pack_scales(const uint8_t scale[8], const uint8_t minimum[8], uint8_t packed[12]) {
  for (int j = 0; j < 4; j++) {
    packed[j] = (uint8_t)(scale[j] | scale[j + 4] >> 4 << 6);
    packed[j + 4] = (uint8_t)(minimum[j] | minimum[j + 4] >> 4 << 6);
    packed[j + 8] = (uint8_t)((scale[j + 4] & 0x0f) | (minimum[j + 4] & 0x0f) << 4);
  }
}

// Scales and minimums of a super-block, packed, and its quants.
static bool encode(const float x[NIBBLE_SUPER_BLOCK], const grid *grid, uint16_t *d_half,
                   uint16_t *dmin_half, uint8_t packed[12], uint8_t q[NIBBLE_SUPER_BLOCK]) {
  sub_block s[SUB_BLOCKS];
  fit fits[SUB_BLOCKS];
  float top_scale = 0, top_minimum = 0;
  for (int j = 0; j < SUB_BLOCKS; j++) {
    s[j] = weighted(x + SUB_BLOCK * j);
    fits[j] = best_fit(&s[j], grid);
    top_scale = fmaxf(top_scale, fits[j].scale);
    top_minimum = fmaxf(top_minimum, fits[j].minimum);
  }
  *d_half = nibble_float_to_half(top_scale / TOP_SCALE);
  *dmin_half = nibble_float_to_half(top_minimum / TOP_SCALE);
  if (!nibble_half_is_finite(*d_half) || !nibble_half_is_finite(*dmin_half)) return false;
  const float d = nibble_half_to_float(*d_half), dmin = nibble_half_to_float(*dmin_half);
  uint8_t scale[SUB_BLOCKS] = {0}, minimum[SUB_BLOCKS] = {0};
  for (int j = 0; j < SUB_BLOCKS; j++) {
    best_codes(&s[j], fits[j], d, dmin, grid->top, &scale[j], &minimum[j]);
    const float dj = d * (float)scale[j], mj = dmin * (float)minimum[j];
    const float inverse = dj > 0 ? 1.0f / dj : 0.0f;
    for (int g = 0; g < GROUPS; g++) {
      const lanes steps = quants((s[j].x[g] + mj) * inverse, grid->top);
      for (int i = 0; i < LANES; i++) q[SUB_BLOCK * j + LANES * g + i] = (uint8_t)steps[i];
    }
  }
  pack_scales(scale, minimum, packed);
  return true;
}

// Low nibbles: sub-blocks 2k and 2k + 1 share 32 bytes.
static void pack_nibbles(const uint8_t q[NIBBLE_SUPER_BLOCK], uint8_t qs[128]) {
  for (int j = 0; j < SUB_BLOCKS; j += 2)
    for (int i = 0; i < SUB_BLOCK; i++)
      qs[SUB_BLOCK * j / 2 + i] =
          (uint8_t)((q[SUB_BLOCK * j + i] & 0x0f) | (q[SUB_BLOCK * (j + 1) + i] & 0x0f) << 4);
}

bool nibble_encode_q4_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q4_k *b) {
  uint16_t d, dmin;
  uint8_t q[NIBBLE_SUPER_BLOCK];
  if (!encode(x, &four_bits, &d, &dmin, b->scales, q)) return false;
  b->d = d;
  b->dmin = dmin;
  pack_nibbles(q, b->qs);
  return true;
}

bool nibble_encode_q5_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q5_k *b) {
  uint16_t d, dmin;
  uint8_t q[NIBBLE_SUPER_BLOCK];
  if (!encode(x, &five_bits, &d, &dmin, b->scales, q)) return false;
  b->d = d;
  b->dmin = dmin;
  pack_nibbles(q, b->qs);
  for (int i = 0; i < SUB_BLOCK; i++) {
    b->qh[i] = 0;
    for (int j = 0; j < SUB_BLOCKS; j++)
      b->qh[i] |= (uint8_t)((q[SUB_BLOCK * j + i] >> 4) << j);
  }
  return true;
}
