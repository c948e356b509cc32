#include "elementwise.h"

#include <math.h>
#include <string.h>

void nibble_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
  double squares = 0;
  for (size_t i = 0; i < count; i++) squares += (double)x[i] * x[i];
  const float scale = 1.0f / sqrtf((float)(squares / (double)count) + epsilon);
  for (size_t i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
}

// exp(x) to about one unit in the last place, without branches, so that loops over it become
// vector code: 2^n times the Taylor series of the rest up to its sixth power (Cephes' method).
// What float32 has only as a subnormal is 0.
static inline float exponential(float x) {
  const float inside = x > -87.0f ? (x < 88.0f ? x : 88.0f) : -87.0f;
  const float n = __builtin_floorf(inside * 1.44269504088896341f + 0.5f);
  const float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, 4);
  const float value = p * power;
  // Beyond those limits 0 or infinity; a NaN stays one.
  return x == inside ? value : (x < 0.0f ? 0.0f : x + INFINITY);
}

static inline __attribute__((always_inline)) void swiglu(const float *gate, const float *up,
                                                         float *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
}

static inline __attribute__((always_inline)) void softmax(float *x, size_t count, size_t visible,
                                                          float scale) {
  float highest = -INFINITY;
  for (size_t i = 0; i < visible; i++) highest = x[i] > highest ? x[i] : highest;
  for (size_t i = 0; i < visible; i++) x[i] = exponential((x[i] - highest) * scale);
  double sum = 0;
  for (size_t i = 0; i < visible; i++) sum += x[i];
  const float inverse = (float)(1.0 / sum);
  for (size_t i = 0; i < visible; i++) x[i] *= inverse;
  memset(x + visible, 0, (count - visible) * sizeof *x);
}

// The same loops for AVX2, and for what every machine has.
#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,fma")))
WIDE static void swiglu_avx2(const float *gate, const float *up, float *y, size_t count) {
  swiglu(gate, up, y, count);
}
WIDE static void softmax_avx2(float *x, size_t count, size_t visible, float scale) {
  softmax(x, count, visible, scale);
}
#endif

void nibble_swiglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                       size_t count) {
#if defined(__x86_64__)
  if (isa >= NIBBLE_ISA_AVX2) {
    swiglu_avx2(gate, up, y, count);
    return;
  }
#endif
  swiglu(gate, up, y, count);
}

void nibble_softmax_isa(nibble_isa isa, float *x, size_t count, size_t visible, float scale) {
#if defined(__x86_64__)
  if (isa >= NIBBLE_ISA_AVX2) {
    softmax_avx2(x, count, visible, scale);
    return;
  }
#endif
  softmax(x, count, visible, scale);
}

void nibble_swiglu(const float *gate, const float *up, float *y, size_t count) {
  nibble_swiglu_isa(nibble_isa_best(), gate, up, y, count);
}

void nibble_softmax(float *x, size_t count, size_t visible, float scale) {
  nibble_softmax_isa(nibble_isa_best(), x, count, visible, scale);
}

void nibble_add(const float *a, const float *b, float *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

static inline void rotate(float *a, float *b, float cosine, float sine) {
  const float x = *a, y = *b;
  *a = x * cosine - y * sine;
  *b = x * sine + y * cosine;
}

void nibble_rope_interleaved(float *x, size_t heads, size_t head_size, size_t rotated,
                             const float *cosines, const float *sines) {
  for (size_t h = 0; h < heads; h++, x += head_size)
    for (size_t i = 0; i < rotated / 2; i++)
      rotate(x + 2 * i, x + 2 * i + 1, cosines[i], sines[i]);
}

void nibble_rope_halves(float *x, size_t heads, size_t head_size, size_t rotated,
                        const float *cosines, const float *sines) {
  for (size_t h = 0; h < heads; h++, x += head_size)
    for (size_t i = 0; i < rotated / 2; i++)
      rotate(x + i, x + rotated / 2 + i, cosines[i], sines[i]);
}
