// What integer_neon.c and integer_neon_dotprod.c share of the primitives of integer_body.h.
#define LANES 4
#define LOOK_UP(table, q) ((bytes_vec)vqtbl1q_u8(vld1q_u8(table), (uint8x16_t)(q)))
// 16 columns are one load, and a dot product names those of them that it takes.
#define FOUR(q, g) \
  ((ivec)vdupq_n_s32(vreinterpretq_s32_s8(vld1q_s8((q) + 16 * ((g) / 4)))[(g) % 4]))
