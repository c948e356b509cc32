#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#define LANES 16
#define BLOCK_ROWS 4
#define BLOCK_TOKENS 3
#define DECODE_ROWS 8
#define SCORE_TOKENS 12
#define SUM_TOKENS 6
#define NAME(kernel) nibble_##kernel##_avx512
#include "matmul_body.h"
#pragma clang attribute pop
#endif
