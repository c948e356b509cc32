// The kernels of the machine at hand, chosen once.
#include <stdatomic.h>
#include <stdlib.h>

#include "simd.h"

#if NIBBLE_ARM && defined(__linux__)
#include <sys/auxv.h>
#elif NIBBLE_ARM && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

static nibble_isa find_isa(void) {
#if NIBBLE_X86
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") &&
                   __builtin_cpu_supports("fma");
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx2 && avx512) return NIBBLE_ISA_AVX512;
  if (avx2) return NIBBLE_ISA_AVX2;
#elif NIBBLE_ARM
  return NIBBLE_ISA_NEON;
#endif
  return NIBBLE_ISA_SCALAR;
}

nibble_isa nibble_isa_best(void) {
  // Threads that come here at the same time find the same answer.
  static _Atomic int found = -1;
  int isa = atomic_load_explicit(&found, memory_order_relaxed);
  if (isa < 0) {
    isa = (int)find_isa();
    atomic_store_explicit(&found, isa, memory_order_relaxed);
  }
  return (nibble_isa)isa;
}

#if NIBBLE_ARM
static int find_dot_products(void) {
#if defined(__linux__)
  enum { ASIMDDP = 1 << 20 };  // HWCAP_ASIMDDP, which not every C library names
  return (getauxval(AT_HWCAP) & ASIMDDP) != 0;
#elif defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) == 0 && has;
#else
  return 0;
#endif
}

int nibble_has_dot_products(void) {
  static _Atomic int found = -1;
  int has = atomic_load_explicit(&found, memory_order_relaxed);
  if (has < 0) {
    has = find_dot_products();
    atomic_store_explicit(&found, has, memory_order_relaxed);
  }
  return has;
}
#endif

const char *nibble_cpu_features(void) {
  switch (nibble_isa_best()) {
#if NIBBLE_X86
    case NIBBLE_ISA_AVX512: return "avx512";
    case NIBBLE_ISA_AVX2: return "avx2";
#elif NIBBLE_ARM
    case NIBBLE_ISA_NEON: return "neon";
#endif
    default: return "scalar";
  }
}

// Weights are read once a pass, from memory and in order. The processor's own prefetching stops
// at the ends of pages and starts late for short rows; asking for what lies AHEAD bytes further, a
// PORTION of values at a time, makes a token 15 to 20 % faster. It may ask beyond the end: a
// prefetch of an address that is not there does nothing.
enum { AHEAD = 2048, PORTION = 1024, CACHE_LINE = 64 };

static void dequantize_portion(
    nibble_isa isa, uint32_t type, const void *src, void *dst, size_t count, int half) {
  switch (isa) {
#if NIBBLE_X86
    case NIBBLE_ISA_AVX512: nibble_dequantize_avx512(type, src, dst, count, half); break;
    case NIBBLE_ISA_AVX2: nibble_dequantize_avx2(type, src, dst, count, half); break;
#elif NIBBLE_ARM
    case NIBBLE_ISA_NEON: nibble_dequantize_neon(type, src, dst, count, half); break;
#endif
    default: nibble_dequantize_scalar(type, src, dst, count, half);
  }
}

static void dequantize(
    nibble_isa isa, uint32_t type, const void *src, void *dst, size_t count, int half) {
  const size_t values = nibble_block_values(type);
  if (values == 0 || count % values != 0 || isa > nibble_isa_best()) abort();
  const char *from = src;
  char *to = dst;
  while (count > 0) {
    const size_t portion = count < PORTION ? count : PORTION;
    const size_t bytes = portion / values * nibble_block_bytes(type);
    for (size_t i = 0; i < bytes; i += CACHE_LINE) __builtin_prefetch(from + AHEAD + i);
    dequantize_portion(isa, type, from, to, portion, half);
    from += bytes;
    to += portion * (half ? sizeof(uint16_t) : sizeof(float));
    count -= portion;
  }
}

void nibble_dequantize_f32_isa(
    nibble_isa isa, uint32_t type, const void *src, float *dst, size_t count) {
  dequantize(isa, type, src, dst, count, 0);
}

void nibble_dequantize_f16_isa(
    nibble_isa isa, uint32_t type, const void *src, uint16_t *dst, size_t count) {
  dequantize(isa, type, src, dst, count, 1);
}

void nibble_dequantize_f32(uint32_t type, const void *src, float *dst, size_t count) {
  dequantize(nibble_isa_best(), type, src, dst, count, 0);
}

void nibble_dequantize_f16(uint32_t type, const void *src, uint16_t *dst, size_t count) {
  dequantize(nibble_isa_best(), type, src, dst, count, 1);
}
