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

#define LOOP static inline __attribute__((always_inline))

// y = gate * sigmoid(slope(gate)) * up. y may be gate or up: what is computed goes there some
// values at a time.
#define GATED(name, slope)                                                                \
  LOOP void name(const float *gate, const float *up, float *y, size_t count) {            \
    enum { PORTION = 64 };                                                                \
    float values[PORTION];                                                                \
    size_t i = 0;                                                                         \
    for (; i + PORTION <= count; i += PORTION) {                                          \
      for (int j = 0; j < PORTION; j++)                                                   \
        values[j] = gate[i + j] / (1.0f + exponential(-slope(gate[i + j]))) * up[i + j];  \
      memcpy(y + i, values, sizeof values);                                               \
    }                                                                                     \
    for (; i < count; i++) y[i] = gate[i] / (1.0f + exponential(-slope(gate[i]))) * up[i]; \
  }
#define SILU(v) (v)
// 1 + tanh(u) = 2 sigmoid(2u)
#define GELU(v) (1.5957691216057308f * (v) * (1.0f + 0.044715f * (v) * (v)))
GATED(swiglu, SILU)
GATED(geglu, GELU)

LOOP void soft_cap(float *x, size_t count, float scale, float cap) {
  const float slope = 2.0f * scale / cap;
  for (size_t i = 0; i < count; i++)
    x[i] = cap * (1.0f - 2.0f / (exponential(slope * x[i]) + 1.0f));
}

LOOP void softmax(float *x, size_t count, size_t first, size_t end, float scale) {
  memset(x, 0, first * sizeof *x);
  memset(x + end, 0, (count - end) * sizeof *x);
  x += first;
  const size_t visible = end - first;
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
}

LOOP int all_finite(const float *x, size_t count) {
  uint32_t highest = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    bits &= 0x7f800000;
    highest = bits > highest ? bits : highest;
  }
  return highest < 0x7f800000;
}

// The same loops for AVX-512, AVX2, and for what every machine has (on 64-bit Arm, NEON).
#if defined(__x86_64__)
#define COMPILED(result, name, parameters, arguments)                                        \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))) static result       \
      name##_avx512 parameters { return name arguments; }                                    \
  __attribute__((target("avx2,fma"))) static result name##_avx2 parameters {                 \
    return name arguments;                                                                   \
  }                                                                                          \
  static inline result name##_isa(nibble_isa isa, UNPACKED parameters) {                     \
    if (isa >= NIBBLE_ISA_AVX512) return name##_avx512 arguments;                            \
    if (isa >= NIBBLE_ISA_AVX2) return name##_avx2 arguments;                                \
    return name arguments;                                                                   \
  }
#else
#define COMPILED(result, name, parameters, arguments)                                        \
  static inline result name##_isa(nibble_isa isa, UNPACKED parameters) {                     \
    (void)isa;                                                                               \
    return name arguments;                                                                   \
  }
#endif
#define UNPACKED(...) __VA_ARGS__

COMPILED(void, swiglu, (const float *gate, const float *up, float *y, size_t count),
         (gate, up, y, count))
COMPILED(void, geglu, (const float *gate, const float *up, float *y, size_t count),
         (gate, up, y, count))
COMPILED(void, soft_cap, (float *x, size_t count, float scale, float cap), (x, count, scale, cap))
COMPILED(void, softmax, (float *x, size_t count, size_t first, size_t end, float scale),
         (x, count, first, end, scale))
COMPILED(int, all_finite, (const float *x, size_t count), (x, count))

void nibble_swiglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                       size_t count) {
  swiglu_isa(isa, gate, up, y, count);
}

void nibble_geglu_isa(nibble_isa isa, const float *gate, const float *up, float *y,
                      size_t count) {
  geglu_isa(isa, gate, up, y, count);
}

void nibble_softmax_isa(nibble_isa isa, float *x, size_t count, size_t first, size_t end,
                        float scale) {
  softmax_isa(isa, x, count, first, end, scale);
}

void nibble_swiglu(const float *gate, const float *up, float *y, size_t count) {
  swiglu_isa(nibble_isa_best(), gate, up, y, count);
}

void nibble_geglu(const float *gate, const float *up, float *y, size_t count) {
  geglu_isa(nibble_isa_best(), gate, up, y, count);
}

void nibble_soft_cap(float *x, size_t count, float scale, float cap) {
  soft_cap_isa(nibble_isa_best(), x, count, scale, cap);
}

void nibble_softmax(float *x, size_t count, size_t first, size_t end, float scale) {
  softmax_isa(nibble_isa_best(), x, count, first, end, scale);
}

size_t nibble_first_not_finite(const float *x, size_t count) {
  enum { PORTION = 4096 };
  const nibble_isa isa = nibble_isa_best();
  for (size_t first = 0; first < count; first += PORTION) {
    const size_t n = count - first < PORTION ? count - first : PORTION;
    if (all_finite_isa(isa, x + first, n)) continue;
    for (size_t i = first; i < first + n; i++)
      if (!isfinite(x[i])) return i;
  }
  return count;
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

void nibble_scale(float *x, size_t count, float scale) {
  for (size_t i = 0; i < count; i++) x[i] *= scale;
}

void nibble_weighted_rows(const float *rows, const float *weights, size_t count, size_t cols,
                          float *y) {
  for (size_t c = 0; c < cols; c++) y[c] = weights[0] * rows[c];
  for (size_t r = 1; r < count; r++)
    for (size_t c = 0; c < cols; c++) y[c] += weights[r] * rows[r * cols + c];
}

void nibble_route(const float *logits, size_t count, size_t used, int32_t *experts,
                  float *weights) {
  size_t chosen = 0;  // so far, the highest first
  for (size_t e = 0; e < count; e++) {
    if (chosen == used && !(logits[e] > logits[experts[used - 1]])) continue;
    size_t slot = chosen < used ? chosen++ : used - 1;
    for (; slot > 0 && logits[e] > logits[experts[slot - 1]]; slot--)
      experts[slot] = experts[slot - 1];
    experts[slot] = (int32_t)e;
  }
  double sum = 0;
  for (size_t slot = 0; slot < used; slot++) {
    // Divided by the sum over the chosen, the softmax over all is the softmax over them.
    weights[slot] = expf(logits[experts[slot]] - logits[experts[0]]);
    sum += weights[slot];
  }
  for (size_t slot = 0; slot < used; slot++) weights[slot] = (float)(weights[slot] / sum);
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
