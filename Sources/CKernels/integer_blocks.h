#ifndef NIBBLE_INTEGER_BLOCKS_H
#define NIBBLE_INTEGER_BLOCKS_H
// Private to CKernels: packed blocks as integers. A block becomes unsigned bytes u, and for each
// 16 of them a scale d and a minimum m, so that its values are d u + m. Written once in plain C
// and compiled for each instruction set.
#include <math.h>
#include <stdlib.h>

#include "integer.h"

// One row as it is in the file, for all tokens: the reference, and the rows that fill no panel.
void nibble_integer_row_scalar(const nibble_integer_product *p, const void *w, size_t row);

#define INLINE static inline __attribute__((always_inline))

// Whether the two halves of 32 values have scales of their own.
INLINE int is_halved(uint32_t type) {
  return type == NIBBLE_TYPE_Q6_K || type == NIBBLE_TYPE_Q2_K || type == NIBBLE_TYPE_Q3_K;
}

// Whether all u are below 128.
INLINE int is_narrow(uint32_t type) {
  switch (type) {
    case NIBBLE_TYPE_Q8_0:
    case NIBBLE_TYPE_IQ4_NL:
    case NIBBLE_TYPE_IQ4_XS:
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: return 0;
    default: return 1;
  }
}

// What nibbles stand for where that is a table, as u. The values of nf4 and fp4 are no integers:
// they are rounded to steps of absmax / 127, which is finer than the activations' steps.
enum { IQ4_OFFSET = 127, MXFP4_OFFSET = 12, ABSMAX_STEPS = 127 };
static const uint8_t iq4_bytes[16] = {0, 23, 44, 62, 78, 92, 105, 117,
                                      128, 140, 152, 165, 180, 196, 216, 240};
static const uint8_t mxfp4_bytes[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
static const uint8_t nf4_bytes[16] = {0, 39, 60, 77, 91, 104, 115, 127,
                                      137, 147, 158, 170, 183, 198, 219, 254};
static const uint8_t fp4_bytes[16] = {127, 128, 212, 254, 169, 191, 148, 159,
                                      127, 126, 42, 0, 85, 63, 106, 95};

// The table of a type, or NULL.
INLINE const uint8_t *bytes_of_nibbles(uint32_t type) {
  switch (type) {
    case NIBBLE_TYPE_IQ4_NL:
    case NIBBLE_TYPE_IQ4_XS: return iq4_bytes;
    case NIBBLE_TYPE_MXFP4: return mxfp4_bytes;
    case NIBBLE_TYPE_NF4: return nf4_bytes;
    case NIBBLE_TYPE_FP4: return fp4_bytes;
    default: return NULL;
  }
}

// The same scale and minimum for `count` values.
INLINE void set_scales(float *d, float *m, size_t count, float scale, float minimum) {
  for (size_t i = 0; i < count / 16; i++) {
    d[i] = scale;
    m[i] = minimum;
  }
}

INLINE void nibble_bytes(const uint8_t *qs, size_t bytes, uint8_t *u) {
  for (size_t i = 0; i < bytes; i++) {
    u[i] = qs[i] & 0x0f;
    u[i + bytes] = qs[i] >> 4;
  }
}

INLINE void table_nibbles(uint32_t type, const uint8_t *qs, size_t bytes, uint8_t *u) {
  nibble_bytes(qs, bytes, u);
  for (size_t i = 0; i < 2 * bytes; i++) u[i] = bytes_of_nibbles(type)[u[i]];
}

INLINE void add_fifth_bits(uint32_t qh, uint8_t u[32]) {
  for (int i = 0; i < 32; i++) u[i] |= (uint8_t)((qh >> i & 1) << 4);
}

// Sub-blocks of 32 with six-bit scales and minimums.
INLINE void k_scales(const nibble_block_q4_k *b, float *d, float *m) {
  const float scale = nibble_half_to_float(b->d), least = nibble_half_to_float(b->dmin);
  uint8_t scales[8], minimums[8];
  nibble_k_scales(b->scales, scales, minimums);
  for (int j = 0; j < 8; j++)
    set_scales(d + 2 * j, m + 2 * j, 32, scale * (float)scales[j], -(least * (float)minimums[j]));
}

// One block of `type`: its values as u, with d and m for each 16.
INLINE void integers_of_block(uint32_t type, const void *block, uint8_t *u, float *d, float *m) {
  switch (type) {
    case NIBBLE_TYPE_Q4_0: {
      const nibble_block_q4_0 *b = block;
      const float scale = nibble_half_to_float(b->d);
      set_scales(d, m, 32, scale, -8.0f * scale);
      nibble_bytes(b->qs, 16, u);
      break;
    }
    case NIBBLE_TYPE_Q4_1: {
      const nibble_block_q4_1 *b = block;
      set_scales(d, m, 32, nibble_half_to_float(b->d), nibble_half_to_float(b->m));
      nibble_bytes(b->qs, 16, u);
      break;
    }
    case NIBBLE_TYPE_Q5_0: {
      const nibble_block_q5_0 *b = block;
      const float scale = nibble_half_to_float(b->d);
      set_scales(d, m, 32, scale, -16.0f * scale);
      nibble_bytes(b->qs, 16, u);
      add_fifth_bits(b->qh, u);
      break;
    }
    case NIBBLE_TYPE_Q5_1: {
      const nibble_block_q5_1 *b = block;
      set_scales(d, m, 32, nibble_half_to_float(b->d), nibble_half_to_float(b->m));
      nibble_bytes(b->qs, 16, u);
      add_fifth_bits(b->qh, u);
      break;
    }
    case NIBBLE_TYPE_Q8_0: {
      const nibble_block_q8_0 *b = block;
      const float scale = nibble_half_to_float(b->d);
      set_scales(d, m, 32, scale, -128.0f * scale);
      for (int i = 0; i < 32; i++) u[i] = (uint8_t)b->qs[i] ^ 0x80;
      break;
    }
    case NIBBLE_TYPE_Q4_K: {
      const nibble_block_q4_k *b = block;
      k_scales(b, d, m);
      for (int j = 0; j < 4; j++) nibble_bytes(b->qs + 32 * j, 32, u + 64 * j);
      break;
    }
    case NIBBLE_TYPE_Q5_K: {
      const nibble_block_q5_k *b = block;
      k_scales((const nibble_block_q4_k *)block, d, m);  // which begins with the same fields
      for (int j = 0; j < 4; j++) nibble_bytes(b->qs + 32 * j, 32, u + 64 * j);
      for (int j = 0; j < 8; j++)
        for (int i = 0; i < 32; i++) u[32 * j + i] |= (uint8_t)((b->qh[i] >> j & 1) << 4);
      break;
    }
    case NIBBLE_TYPE_Q6_K: {
      const nibble_block_q6_k *b = block;
      const float scale = nibble_half_to_float(b->d);
      for (int j = 0; j < 16; j++) {
        const float dj = scale * (float)b->scales[j];
        set_scales(d + j, m + j, 16, dj, -32.0f * dj);
      }
      for (int h = 0; h < 2; h++) {
        nibble_bytes(b->ql + 64 * h, 64, u + 128 * h);
        for (int g = 0; g < 4; g++)
          for (int i = 0; i < 32; i++)
            u[128 * h + 32 * g + i] |= (uint8_t)((b->qh[32 * h + i] >> (2 * g) & 3) << 4);
      }
      break;
    }
    case NIBBLE_TYPE_Q2_K: {
      const nibble_block_q2_k *b = block;
      const float scale = nibble_half_to_float(b->d), least = nibble_half_to_float(b->dmin);
      for (int j = 0; j < 16; j++) {
        set_scales(d + j, m + j, 16, scale * (float)(b->scales[j] & 0x0f),
                   -(least * (float)(b->scales[j] >> 4)));
        for (int i = 0; i < 16; i++)
          u[16 * j + i] = b->qs[32 * (j / 8) + 16 * (j & 1) + i] >> (2 * (j / 2 % 4)) & 3;
      }
      break;
    }
    case NIBBLE_TYPE_Q3_K: {
      const nibble_block_q3_k *b = block;
      const float scale = nibble_half_to_float(b->d);
      for (int j = 0; j < 16; j++) {
        const float dj = scale * (float)(nibble_q3_k_scale(b->scales, j) - 32);
        set_scales(d + j, m + j, 16, dj, -4.0f * dj);
        for (int i = 0; i < 16; i++) {
          const int lane = 16 * (j & 1) + i;
          u[16 * j + i] = (uint8_t)((b->qs[32 * (j / 8) + lane] >> (2 * (j / 2 % 4)) & 3) |
                                    (b->hmask[lane] >> (j / 2) & 1) << 2);
        }
      }
      break;
    }
    case NIBBLE_TYPE_IQ4_NL: {
      const nibble_block_iq4_nl *b = block;
      const float scale = nibble_half_to_float(b->d);
      set_scales(d, m, 32, scale, -(float)IQ4_OFFSET * scale);
      table_nibbles(type, b->qs, 16, u);
      break;
    }
    case NIBBLE_TYPE_IQ4_XS: {
      const nibble_block_iq4_xs *b = block;
      const float scale = nibble_half_to_float(b->d);
      for (int j = 0; j < 8; j++) {
        const int low = b->scales_l[j / 2] >> (4 * (j & 1)) & 0x0f;
        const float dj = scale * (float)((low | (b->scales_h >> (2 * j) & 3) << 4) - 32);
        set_scales(d + 2 * j, m + 2 * j, 32, dj, -(float)IQ4_OFFSET * dj);
        table_nibbles(type, b->qs + 16 * j, 16, u + 32 * j);
      }
      break;
    }
    case NIBBLE_TYPE_MXFP4: {
      const nibble_block_mxfp4 *b = block;
      const float scale = nibble_e8m0_to_float_half(b->e);
      set_scales(d, m, 32, scale, -(float)MXFP4_OFFSET * scale);
      table_nibbles(type, b->qs, 16, u);
      break;
    }
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: {
      const nibble_block_nf4 *b = block;
      const float scale = b->absmax * (1.0f / ABSMAX_STEPS);
      set_scales(d, m, 64, scale, -(float)ABSMAX_STEPS * scale);
      for (int i = 0; i < 32; i++) {
        u[2 * i] = bytes_of_nibbles(type)[b->qs[i] >> 4];
        u[2 * i + 1] = bytes_of_nibbles(type)[b->qs[i] & 0x0f];
      }
      break;
    }
    default: abort();
  }
}

// The fields of a block, in their order, as units that stay whole when rows are interleaved: a
// panel holds unit after unit, each of all 16 rows side by side. So what lies at `offset` of a
// block lies at 16 * offset of a panel. Quants are in units of four bytes: four or eight columns.
typedef struct {
  uint8_t width, count;
} nibble_units;

// Ends with a width of 0; NULL for a type that is no block format.
INLINE const nibble_units *units_of(uint32_t type) {
  static const nibble_units q4_0[] = {{2, 1}, {4, 4}, {0, 0}};
  static const nibble_units q4_1[] = {{2, 2}, {4, 4}, {0, 0}};
  static const nibble_units q5_0[] = {{2, 1}, {4, 5}, {0, 0}};
  static const nibble_units q5_1[] = {{2, 2}, {4, 5}, {0, 0}};
  static const nibble_units q8_0[] = {{2, 1}, {4, 8}, {0, 0}};
  static const nibble_units q4_k[] = {{2, 2}, {1, 12}, {4, 32}, {0, 0}};
  static const nibble_units q5_k[] = {{2, 2}, {1, 12}, {4, 40}, {0, 0}};
  static const nibble_units q6_k[] = {{4, 48}, {1, 16}, {2, 1}, {0, 0}};
  static const nibble_units q2_k[] = {{1, 16}, {4, 16}, {2, 2}, {0, 0}};
  static const nibble_units q3_k[] = {{4, 24}, {1, 12}, {2, 1}, {0, 0}};
  static const nibble_units iq4_xs[] = {{2, 2}, {1, 4}, {4, 32}, {0, 0}};
  static const nibble_units mxfp4[] = {{1, 1}, {4, 4}, {0, 0}};
  static const nibble_units nf4[] = {{4, 9}, {0, 0}};
  switch (type) {
    case NIBBLE_TYPE_Q4_0: return q4_0;
    case NIBBLE_TYPE_Q4_1: return q4_1;
    case NIBBLE_TYPE_Q5_0: return q5_0;
    case NIBBLE_TYPE_Q5_1: return q5_1;
    case NIBBLE_TYPE_Q8_0: return q8_0;
    case NIBBLE_TYPE_Q4_K: return q4_k;
    case NIBBLE_TYPE_Q5_K: return q5_k;
    case NIBBLE_TYPE_Q6_K: return q6_k;
    case NIBBLE_TYPE_Q2_K: return q2_k;
    case NIBBLE_TYPE_Q3_K: return q3_k;
    case NIBBLE_TYPE_IQ4_NL: return q4_0;  // the same fields
    case NIBBLE_TYPE_IQ4_XS: return iq4_xs;
    case NIBBLE_TYPE_MXFP4: return mxfp4;
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: return nf4;
    default: return NULL;
  }
}
#endif
