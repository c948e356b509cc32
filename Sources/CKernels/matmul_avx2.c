#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#define BLOCK_ROWS 2
#define BLOCK_TOKENS 4
#define DECODE_ROWS 8
#define SCORE_TOKENS 5
#define SUM_TOKENS 2
#define NAME(kernel) nibble_##kernel##_avx2
#include "matmul_body.h"
#pragma clang attribute pop
#endif
