#include "elementwise.h"

#include <math.h>
#include <string.h>

static inline double sum_of(const double lanes[8]) {
  double sum = 0;
  for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
  return sum;
}

void nibble_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
  double squares[8] = {0};  // side by side: none waits for another
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int lane = 0; lane < 8; lane++) squares[lane] += (double)x[i + lane] * x[i + lane];
  for (; i < count; i++) squares[0] += (double)x[i] * x[i];
  const float scale = 1.0f / sqrtf((float)(sum_of(squares) / (double)count) + epsilon);
  for (i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
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
  // y may be gate or up: what is computed goes there some values at a time.
  enum { PORTION = 64 };
  float values[PORTION];
  size_t i = 0;
  for (; i + PORTION <= count; i += PORTION) {
    for (int j = 0; j < PORTION; j++)
      values[j] = gate[i + j] / (1.0f + exponential(-gate[i + j])) * up[i + j];
    memcpy(y + i, values, sizeof values);
  }
  for (; i < count; i++) y[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
}

static inline __attribute__((always_inline)) void softmax(float *x, size_t count, size_t visible,
                                                          float scale) {
  float lanes[16], highest = -INFINITY;
  for (int lane = 0; lane < 16; lane++) lanes[lane] = -INFINITY;
  size_t all = visible & ~(size_t)15;
  for (size_t i = 0; i < all; i += 16)
    for (int lane = 0; lane < 16; lane++)
      lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
  for (int lane = 0; lane < 16; lane++) highest = lanes[lane] > highest ? lanes[lane] : highest;
  for (; all < visible; all++) highest = x[all] > highest ? x[all] : highest;
  for (size_t i = 0; i < visible; i++) x[i] = exponential((x[i] - highest) * scale);
  double sums[8] = {0};
  size_t whole = visible & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8)
    for (int lane = 0; lane < 8; lane++) sums[lane] += x[i + lane];
  for (; whole < visible; whole++) sums[0] += x[whole];
  const float inverse = (float)(1.0 / sum_of(sums));
  for (size_t i = 0; i < visible; i++) x[i] *= inverse;
  memset(x + visible, 0, (count - visible) * sizeof *x);
}

// The same loops for AVX-512, AVX2, and for what every machine has (on 64-bit Arm, NEON).
#if defined(__x86_64__)
#define WIDEST __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))
WIDEST static void swiglu_avx512(const float *gate, const float *up, float *y, size_t count) {
  swiglu(gate, up, y, count);
}
WIDEST static void softmax_avx512(float *x, size_t count, size_t visible, float scale) {
  softmax(x, count, visible, scale);
}
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
  if (isa >= NIBBLE_ISA_AVX512) {
    swiglu_avx512(gate, up, y, count);
    return;
  }
  if (isa >= NIBBLE_ISA_AVX2) {
    swiglu_avx2(gate, up, y, count);
    return;
  }
#else
  (void)isa;
#endif
  swiglu(gate, up, y, count);
}

void nibble_softmax_isa(nibble_isa isa, float *x, size_t count, size_t visible, float scale) {
#if defined(__x86_64__)
  if (isa >= NIBBLE_ISA_AVX512) {
    softmax_avx512(x, count, visible, scale);
    return;
  }
  if (isa >= NIBBLE_ISA_AVX2) {
    softmax_avx2(x, count, visible, scale);
    return;
  }
#else
  (void)isa;
#endif
  softmax(x, count, visible, scale);
}

void nibble_swiglu(const float *gate, const float *up, float *y, size_t count) {
  nibble_swiglu_isa(nibble_isa_best(), gate, up, y, count);
}

void nibble_softmax(float *x, size_t count, size_t visible, float scale) {
  nibble_softmax_isa(nibble_isa_best(), x, count, visible, scale);
}

void nibble_packing_error(uint32_t type, const float *x, const void *stored, size_t count,
                          double *error, double *size) {
  enum { PORTION = 256 };
  double errors[8] = {0}, squares[8] = {0};
  const char *from = stored;
  for (size_t first = 0; first < count; first += PORTION) {
    const size_t n = count - first < PORTION ? count - first : PORTION;
    float values[PORTION];
    nibble_dequantize_f32(type, from, values, n);
    from += n / nibble_block_values(type) * nibble_block_bytes(type);
    for (size_t i = 0; i < n; i++) {
      const double value = x[first + i], difference = values[i] - value;
      errors[i % 8] += difference * difference;
      squares[i % 8] += value * value;
    }
  }
  *error = sqrt(sum_of(errors) / (double)count);
  *size = sqrt(sum_of(squares) / (double)count);
}

void nibble_transpose(const float *x, size_t rows, size_t cols, float *y, size_t y_stride) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < cols; c++) y[c * y_stride + r] = x[r * cols + c];
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
