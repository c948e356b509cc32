// What every processor of the architecture has: NEON on 64-bit Arm, SSE2 on x86-64.
#define LANES 4
#define BLOCK_ROWS 4
#define BLOCK_TOKENS 4
#define DECODE_ROWS 8
#define NAME(kernel) nibble_##kernel##_baseline
#include "matmul_body.h"
