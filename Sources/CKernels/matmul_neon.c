#if defined(__aarch64__)
// The vectors of matmul_baseline.c, which are NEON's too, in larger blocks: there are 32 registers.
#define LANES 4
#define BLOCK_ROWS 4
#define BLOCK_TOKENS 6
#define DECODE_ROWS 8
#define SCORE_TOKENS 6
#define SUM_TOKENS 6
#define NAME(kernel) nibble_##kernel##_neon
#include "matmul_body.h"
#endif
