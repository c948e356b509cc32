// What every processor of the architecture has: NEON on 64-bit Arm, SSE2 on x86-64.
#if defined(__x86_64__)
#define WITHOUT_FMA 1
#define WITHOUT_F16C 1
#endif
#define LANES 4
#define BLOCK_ROWS 4
#define BLOCK_TOKENS 4
#define DECODE_ROWS 8
#define SCORE_TOKENS 2
#define SUM_TOKENS 2
#define NAME(kernel) nibble_##kernel##_baseline
#include "matmul_body.h"
