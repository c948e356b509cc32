// The body of integer_avx*.c, integer_neon*.c and integer_baseline.c: LANES rows of a panel a
// vector, four columns a lane. A block of 32 columns is unpacked into registers and multiplied by a
// group of tokens, so that nibbles are unpacked once for all of them.
//
// Where SIGNED_DOT4 is defined, the machine's products of bytes are of signed ones. Then u that may
// be 128 or more is taken as 128 + s, and sums start at 128 Σ q.
#include "integer_blocks.h"

#ifdef SIGNED_DOT4
enum { HAS_SIGNED_DOT4 = 1 };
#else
enum { HAS_SIGNED_DOT4 = 0 };
#endif

typedef float fvec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef uint32_t uvec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef uint8_t bytes_vec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef int16_t words_vec __attribute__((vector_size(LANES * 4), aligned(1)));
typedef uint8_t lane_bytes __attribute__((vector_size(LANES), aligned(1)));
typedef uint16_t lane_words __attribute__((vector_size(LANES * 2), aligned(1)));
typedef int8_t lane_signed __attribute__((vector_size(LANES), aligned(1)));
typedef _Float16 lane_halves __attribute__((vector_size(LANES * 2), aligned(1)));

#if !WITHOUT_FMA
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

INLINE fvec fill(float value) { return value - (fvec){0}; }

INLINE fvec floats_of_halves(const void *halves) {
#if !WITHOUT_F16C
  return __builtin_convertvector(*(const lane_halves *)halves, fvec);
#else
  uint16_t bits[LANES];
  memcpy(bits, halves, sizeof bits);
  fvec v;
  for (int i = 0; i < LANES; i++) v[i] = nibble_half_to_float(bits[i]);
  return v;
#endif
}

// Columns 4 g ..< 4 g + 4 of a block in each lane.
INLINE ivec four(const int8_t *q, int g) {
#ifdef FOUR
  return FOUR(q, g);
#else
  int32_t bits;
  memcpy(&bits, q + 4 * g, 4);
  return bits - (ivec){0};
#endif
}

// sums + Σ u q over the four bytes of each lane; `narrow` promises u < 128.
INLINE ivec add_dot4(ivec sums, bytes_vec u, ivec q, int narrow) {
  (void)narrow;
#if defined(DOT4)
  return DOT4(sums, u, q);
#elif defined(SIGNED_DOT4)
  return SIGNED_DOT4(sums, narrow ? u : u ^ 0x80, q);
#else
#ifdef DOT4_NARROW
  if (narrow) return DOT4_NARROW(sums, u, q);
#endif
  // Columns 0 and 2, then 1 and 3, as words. A product is at most 255 * 127: it fits in one.
  const words_vec ws = (words_vec)u, qs = (words_vec)q;
  const words_vec even = (ws & 0xff) * (words_vec)((qs << 8) >> 8);
  const words_vec odd = (words_vec)((uvec)ws >> 8 & 0x00ff00ffu) * (words_vec)(qs >> 8);
  return sums + (((ivec)even << 16) >> 16) + ((ivec)even >> 16) + (((ivec)odd << 16) >> 16) +
         ((ivec)odd >> 16);
#endif
}

// What the sums over 16 columns start at.
INLINE ivec first_sums(const int8_t q[16], int narrow) {
  if (!HAS_SIGNED_DOT4 || narrow) return (ivec){0};
  int32_t sum = 0;
  for (int i = 0; i < 16; i++) sum += q[i];
  return 128 * sum - (ivec){0};
}

// 32 columns of LANES rows: u of four columns a vector, and the scales of both halves.
typedef struct {
  bytes_vec u[8];
  fvec d[2], m[2];
} columns;

// sums[t] += 32 columns of the rows times those of token t.
INLINE void multiply(const columns *w, const nibble_int8_block *x, fvec *sums, const int T,
                     int halved, int narrow) {
#pragma clang loop unroll(full)
  for (int t = 0; t < T; t++) {
    const int8_t *q = x[t].q;
    ivec low = first_sums(q, narrow), high = first_sums(q + 16, narrow);
    for (int g = 0; g < 4; g++) low = add_dot4(low, w->u[g], four(q, g), narrow);
    if (T > 1 && !halved) high += low, low = (ivec){0};  // one chain of additions
    for (int g = 4; g < 8; g++) high = add_dot4(high, w->u[g], four(q, g), narrow);
    const fvec d = fill(x[t].d);
    if (halved) {
      sums[t] = MULTIPLY_ADD(__builtin_convertvector(low, fvec), w->d[0] * d, sums[t]);
      sums[t] = MULTIPLY_ADD(w->m[0], fill(x[t].half[0]), sums[t]);
      sums[t] = MULTIPLY_ADD(__builtin_convertvector(high, fvec), w->d[1] * d, sums[t]);
      sums[t] = MULTIPLY_ADD(w->m[1], fill(x[t].half[1]), sums[t]);
    } else {
      sums[t] = MULTIPLY_ADD(__builtin_convertvector(low + high, fvec), w->d[0] * d, sums[t]);
      sums[t] = MULTIPLY_ADD(w->m[0], fill(x[t].sum), sums[t]);
    }
  }
}

// MARK: Panels

// Rows `lane` ..< `lane + LANES` of the units that lie at `offset` of a block.
INLINE bytes_vec quants_at(const uint8_t *panel, size_t offset, int lane) {
  return *(const bytes_vec *)(panel + 16 * offset + 4 * lane);
}
INLINE fvec halves_at(const uint8_t *panel, size_t offset, int lane) {
  return floats_of_halves(panel + 16 * offset + 2 * lane);
}
INLINE lane_bytes bytes_at(const uint8_t *panel, size_t offset, int lane) {
  return *(const lane_bytes *)(panel + 16 * offset + lane);
}

INLINE fvec floats_of_bytes(lane_bytes b) {
  return __builtin_convertvector(__builtin_convertvector(b, ivec), fvec);
}
INLINE fvec floats_of_signed_bytes(lane_bytes b) {
  return __builtin_convertvector(__builtin_convertvector((lane_signed)b, ivec), fvec);
}

// 32 nibbles at `offset`: the low ones, then the high ones.
INLINE void nibbles_at(const uint8_t *panel, size_t offset, int lane, columns *w) {
  for (int g = 0; g < 4; g++) {
    const bytes_vec q = quants_at(panel, offset + 4 * g, lane);
    w->u[g] = q & 0x0f;
    w->u[g + 4] = q >> 4;
  }
}

// What nibbles stand for.
INLINE bytes_vec looked_up(const uint8_t table[16], bytes_vec q) {
#ifdef LOOK_UP
  return LOOK_UP(table, q);
#else
  bytes_vec v;
  for (int i = 0; i < 4 * LANES; i++) v[i] = table[q[i]];
  return v;
#endif
}

INLINE void look_up(uint32_t type, columns *w) {
  for (int g = 0; g < 8; g++) w->u[g] = looked_up(bytes_of_nibbles(type), w->u[g]);
}

// 32 nibbles of the 32 bytes at `offset`: the low ones or the high ones.
INLINE void half_nibbles_at(const uint8_t *panel, size_t offset, int lane, int high, columns *w) {
  if (high) {
    for (int g = 0; g < 8; g++) w->u[g] = quants_at(panel, offset + 4 * g, lane) >> 4;
  } else {
    for (int g = 0; g < 8; g++) w->u[g] = quants_at(panel, offset + 4 * g, lane) & 0x0f;
  }
}

// Fifth bits of 32 columns, bit i that of column i.
INLINE void fifth_bits_at(const uint8_t *panel, size_t offset, int lane, columns *w) {
  const uvec bits = (uvec)quants_at(panel, offset, lane);
  for (int g = 0; g < 8; g++) {
    // Four bits to the lowest bits of four bytes, by a sum of shifts; then up by four.
    const uvec spread = ((bits >> (4 * g)) & 0x0fu) * 0x00204081u & 0x01010101u;
    w->u[g] |= (bytes_vec)(spread << 4);
  }
}

// The upper two bits of scale `j` of iq4_xs.
INLINE lane_bytes upper_scale_at(const uint8_t *panel, size_t j, int lane) {
  lane_words words;
  memcpy(&words, panel + 16 * 2 + 2 * lane, sizeof words);
  return __builtin_convertvector(words >> (uint16_t)(2 * j) & 3, lane_bytes);
}

// The scales of mxfp4, 2^(e - 128).
INLINE fvec exponents_at(const uint8_t *panel, size_t offset, int lane) {
  const ivec e = __builtin_convertvector(bytes_at(panel, offset, lane), ivec);
  const ivec small = e < 2;
  return (fvec)((small & (0x00200000 << (e & 1))) | (~small & ((e - 1) << 23)));
}

// Scale and minimum of sub-block `j` of q4_k and q5_k.
INLINE void k_scales_at(const uint8_t *panel, size_t j, int lane, columns *w) {
  lane_bytes scale, minimum;
  if (j < 4) {
    scale = bytes_at(panel, 4 + j, lane) & 0x3f;
    minimum = bytes_at(panel, 8 + j, lane) & 0x3f;
  } else {
    const lane_bytes both = bytes_at(panel, 8 + j, lane);
    scale = (both & 0x0f) | (bytes_at(panel, j, lane) >> 6) << 4;
    minimum = (both >> 4) | (bytes_at(panel, 4 + j, lane) >> 6) << 4;
  }
  w->d[0] = halves_at(panel, 0, lane) * floats_of_bytes(scale);
  w->m[0] = -(halves_at(panel, 2, lane) * floats_of_bytes(minimum));
}

// Columns 32 j ..< 32 j + 32 of a panel of one block.
INLINE columns columns_of(uint32_t type, const uint8_t *panel, size_t j, int lane) {
  columns w;
  switch (type) {
    case NIBBLE_TYPE_Q4_0:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = w.d[0] * -8.0f;
      nibbles_at(panel, 2, lane, &w);
      break;
    case NIBBLE_TYPE_Q4_1:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = halves_at(panel, 2, lane);
      nibbles_at(panel, 4, lane, &w);
      break;
    case NIBBLE_TYPE_Q5_0:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = w.d[0] * -16.0f;
      nibbles_at(panel, 6, lane, &w);
      fifth_bits_at(panel, 2, lane, &w);
      break;
    case NIBBLE_TYPE_Q5_1:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = halves_at(panel, 2, lane);
      nibbles_at(panel, 8, lane, &w);
      fifth_bits_at(panel, 4, lane, &w);
      break;
    case NIBBLE_TYPE_Q8_0:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = w.d[0] * -128.0f;
      for (int g = 0; g < 8; g++) w.u[g] = quants_at(panel, 2 + 4 * g, lane) ^ 0x80;
      break;
    case NIBBLE_TYPE_Q4_K:
      k_scales_at(panel, j, lane, &w);
      half_nibbles_at(panel, 16 + 32 * (j / 2), lane, j & 1, &w);
      break;
    case NIBBLE_TYPE_Q5_K:
      k_scales_at(panel, j, lane, &w);
      half_nibbles_at(panel, 48 + 32 * (j / 2), lane, j & 1, &w);
      for (int g = 0; g < 8; g++)
        w.u[g] |= ((quants_at(panel, 16 + 4 * g, lane) >> (uint8_t)j) & 1) << 4;
      break;
    case NIBBLE_TYPE_Q2_K:
      for (int g = 0; g < 8; g++)
        w.u[g] = quants_at(panel, 16 + 32 * (j / 4) + 4 * g, lane) >> (uint8_t)(2 * (j % 4)) & 3;
      for (int h = 0; h < 2; h++) {
        const lane_bytes code = bytes_at(panel, 2 * j + h, lane);
        w.d[h] = halves_at(panel, 80, lane) * floats_of_bytes(code & 0x0f);
        w.m[h] = -(halves_at(panel, 82, lane) * floats_of_bytes(code >> 4));
      }
      break;
    case NIBBLE_TYPE_Q3_K:
      for (int g = 0; g < 8; g++) {
        const bytes_vec low = quants_at(panel, 32 + 32 * (j / 4) + 4 * g, lane);
        const bytes_vec high = quants_at(panel, 4 * g, lane);
        w.u[g] = (low >> (uint8_t)(2 * (j % 4)) & 3) | (high >> (uint8_t)j & 1) << 2;
      }
      for (size_t h = 0; h < 2; h++) {
        const size_t s = 2 * j + h;
        const lane_bytes low = s < 8 ? bytes_at(panel, 96 + s, lane) & 0x0f
                                     : bytes_at(panel, 88 + s, lane) >> 4;
        const lane_bytes high = bytes_at(panel, 104 + s % 4, lane) >> (uint8_t)(2 * (s / 4)) & 3;
        w.d[h] = halves_at(panel, 108, lane) * (floats_of_bytes(low | high << 4) - 32.0f);
        w.m[h] = w.d[h] * -4.0f;
      }
      break;
    case NIBBLE_TYPE_IQ4_NL:
      w.d[0] = halves_at(panel, 0, lane);
      w.m[0] = w.d[0] * -(float)IQ4_OFFSET;
      nibbles_at(panel, 2, lane, &w);
      look_up(type, &w);
      break;
    case NIBBLE_TYPE_IQ4_XS: {
      const lane_bytes low = bytes_at(panel, 4 + j / 2, lane) >> (uint8_t)(4 * (j & 1)) & 0x0f;
      const lane_bytes high = upper_scale_at(panel, j, lane);
      w.d[0] = halves_at(panel, 0, lane) * (floats_of_bytes(low | high << 4) - 32.0f);
      w.m[0] = w.d[0] * -(float)IQ4_OFFSET;
      nibbles_at(panel, 8 + 16 * j, lane, &w);
      look_up(type, &w);
      break;
    }
    case NIBBLE_TYPE_MXFP4:
      w.d[0] = exponents_at(panel, 0, lane);
      w.m[0] = w.d[0] * -(float)MXFP4_OFFSET;
      nibbles_at(panel, 1, lane, &w);
      look_up(type, &w);
      break;
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4:
      w.d[0] = (fvec)quants_at(panel, 0, lane) * (1.0f / ABSMAX_STEPS);
      w.m[0] = w.d[0] * -(float)ABSMAX_STEPS;
      for (int g = 0; g < 4; g++) {  // four bytes are eight columns, high nibbles first
        const uvec bytes = (uvec)quants_at(panel, 4 + 16 * j + 4 * g, lane);
        for (int half = 0; half < 2; half++) {
          const uvec two = bytes >> (16 * half) & 0xffffu;
          const uvec apart = (two | two << 8) & 0x00ff00ffu;
          w.u[2 * g + half] = (bytes_vec)((apart >> 4 & 0x000f000fu) | (apart & 0x000f000fu) << 8);
        }
      }
      look_up(type, &w);
      break;
    default: {  // q6_k; of 128 columns, j % 4 is the run of 32
      half_nibbles_at(panel, 64 * (j / 4) + 32 * (j & 1), lane, j & 2, &w);
      for (int g = 0; g < 8; g++) {
        const bytes_vec high = quants_at(panel, 128 + 32 * (j / 4) + 4 * g, lane);
        w.u[g] |= ((high >> (uint8_t)(2 * (j % 4))) & 3) << 4;
      }
      const fvec d = halves_at(panel, 208, lane);
      for (int h = 0; h < 2; h++) {
        w.d[h] = d * floats_of_signed_bytes(bytes_at(panel, 192 + 2 * j + h, lane));
        w.m[h] = w.d[h] * -32.0f;
      }
    }
  }
  if (!is_halved(type)) {
    w.d[1] = w.d[0];
    w.m[1] = w.m[0];
  }
  return w;
}

// A panel times `T` tokens, a whole group.
INLINE void panel_times_group(uint32_t type, const uint8_t *panel, size_t cols,
                              const nibble_int8_block *x, float *y, size_t y_stride, const int T) {
  enum { AHEAD = 4096 };
  const size_t values = nibble_block_values(type), bytes = 16 * nibble_block_bytes(type);
  for (int lane = 0; lane < NIBBLE_PANEL; lane += LANES) {
    fvec sums[T];
#pragma clang loop unroll(full)
    for (int t = 0; t < T; t++) sums[t] = (fvec){0};
    const uint8_t *block = panel;
    const nibble_int8_block *blocks = x;
    for (size_t c = 0; c < cols; c += values, block += bytes) {
      if (T == 1)
        for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(block + AHEAD + i);
      for (size_t j = 0; j < values / 32; j++, blocks += T) {
        const columns w = columns_of(type, block, j, lane);
        multiply(&w, blocks, sums, T, is_halved(type), is_narrow(type));
      }
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < T; t++) *(fvec *)(y + t * y_stride + lane) = sums[t];
  }
}

INLINE void panels(uint32_t type, const nibble_integer_product *p, size_t first, size_t count) {
  const size_t row = p->cols / nibble_block_values(type) * nibble_block_bytes(type);
  for (size_t r = first; r < first + count; r += NIBBLE_PANEL) {
    const uint8_t *panel = (const uint8_t *)p->w + r * row;
    for (size_t token = 0, size; token < p->tokens; token += size) {
      size = nibble_int8_group(p->tokens - token);
      const nibble_int8_block *x = p->x + token * (p->cols / 32);
      float *y = p->y + token * p->y_stride + r;
      switch (size) {
        case 12: panel_times_group(type, panel, p->cols, x, y, p->y_stride, 12); break;
        case 8: panel_times_group(type, panel, p->cols, x, y, p->y_stride, 8); break;
        case 4: panel_times_group(type, panel, p->cols, x, y, p->y_stride, 4); break;
        case 2: panel_times_group(type, panel, p->cols, x, y, p->y_stride, 2); break;
        default: panel_times_group(type, panel, p->cols, x, y, p->y_stride, 1);
      }
    }
  }
}

void NAME(integer_matmul)(const nibble_integer_product *p, size_t first, size_t count) {
  const size_t end = p->rows / NIBBLE_PANEL * NIBBLE_PANEL;
  if (first % NIBBLE_PANEL != 0 || first + count > p->rows) abort();
  const size_t rest = first + count > end ? first + count - end : 0;
  const size_t whole = count - rest;
  if (whole % NIBBLE_PANEL != 0) abort();
  switch (p->type) {
#define CASE(type) case type: panels(type, p, first, whole); break;
    NIBBLE_EACH_BLOCK_TYPE(CASE)
    default: abort();
#undef CASE
  }
  const size_t row = p->cols / nibble_block_values(p->type) * nibble_block_bytes(p->type);
  for (size_t r = first + whole; r < first + count; r++)
    nibble_integer_row_scalar(p, (const uint8_t *)p->w + r * row, r);
}

// MARK: Activations

INLINE void quantize_block(const float *x, nibble_int8_block *b) {
  int32_t largest = 0;  // the bits of magnitudes are in the order of the magnitudes
  for (int i = 0; i < 32; i++) {
    int32_t bits;
    memcpy(&bits, x + i, 4);
    bits &= 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  const float magnitude = nibble_bits_to_float((uint32_t)largest);
  const float d = magnitude / 127.0f;
  const float inverse = magnitude > 0 ? 127.0f / magnitude : 0.0f;
  int32_t halves[2] = {0, 0};
  for (int h = 0; h < 2; h++)
    for (int i = 16 * h; i < 16 * h + 16; i++) {
      // A float of this size has no room for a fraction, and ends in the whole number.
      const int8_t q = (int8_t)nibble_float_to_bits(x[i] * inverse + 0x1.8p23f);
      b->q[i] = q;
      halves[h] += q;
    }
  b->d = d;
  b->half[0] = d * (float)halves[0];
  b->half[1] = d * (float)halves[1];
  b->sum = d * (float)(halves[0] + halves[1]);
}

void NAME(int8_quantize)(const float *x, size_t x_stride, size_t tokens, size_t cols,
                         nibble_int8_block *blocks) {
  for (size_t token = 0, size; token < tokens; token += size) {
    size = nibble_int8_group(tokens - token);
    for (size_t b = 0; b < cols / 32; b++)
      for (size_t t = 0; t < size; t++)
        quantize_block(x + (token + t) * x_stride + 32 * b, blocks++);
  }
}
