// What every processor of the architecture has: NEON on 64-bit Arm, SSE2 on x86-64.
#if defined(__x86_64__)
#define WITHOUT_FMA 1
#define WITHOUT_F16C 1
#endif
#define LANES 4
#define NAME(kernel) nibble_##kernel##_baseline
#include "integer_body.h"
