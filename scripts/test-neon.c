// Every kernel of every instruction set of this machine against its plain reference, on random and
// extreme blocks. Swift's tests do the same and more; this one needs a C compiler and a C library
// alone, so that it runs for another processor too (scripts/test-neon).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernels.h"

enum { ROUNDS = 40 };
// What float32 sums may lose, relative to the sum of the magnitudes of their terms.
static const double rounding = 1e-6;

static int failures, checks;

static void check(int holds, const char *what, nibble_isa isa, uint32_t type, size_t at) {
  checks++;
  if (holds) return;
  if (++failures <= 20)
    printf("%s: instruction set %u, type %u, value %zu\n", what, isa, type, at);
}

static uint64_t state = 1;

static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static float uniform(void) { return (float)(next() >> 40) * 0x1p-23f - 1; }

// Memory that ends where a page begins that nobody may read.
static void *at_the_edge(size_t bytes) {
  const size_t page = 65536, whole = (bytes + page - 1) / page * page;
  char *memory = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + whole, page, PROT_NONE) != 0) abort();
  return memory + whole - bytes;
}

static void give_back(void *memory, size_t bytes) {
  const size_t page = 65536, whole = (bytes + page - 1) / page * page;
  if (munmap((char *)memory + bytes - whole, whole + page) != 0) abort();
}

static float *floats(size_t count) {
  float *values = at_the_edge(count * sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = 3 * uniform();
  return values;
}

// Blocks of any bytes; of one byte alone; or of bytes that make scales zero, subnormal, huge or
// infinite and quants the smallest and largest.
static void fill(uint8_t *bytes, size_t count, int round) {
  static const uint8_t extremes[] = {0, 1, 3, 0x0f, 0x7b, 0x7c, 0x7f, 0x80, 0xf0, 0xfb, 0xff};
  for (size_t i = 0; i < count; i++)
    bytes[i] = round < (int)sizeof extremes ? extremes[round]
               : round % 3 == 0             ? extremes[next() % sizeof extremes]
                                            : (uint8_t)next();
}

// Rows whose values are of a common size, so that sums of them have a bound.
static void fill_moderate(uint32_t type, uint8_t *bytes, size_t blocks) {
  const size_t size = nibble_block_bytes(type), values = nibble_block_values(type);
  for (size_t b = 0; b < blocks; b++)
    do {
      fill(bytes + b * size, size, 13);
    } while (!(nibble_magnitude_bound_scalar(type, bytes + b * size, values) < 100));
}

static int same_float(float a, float b) {
  return (isnan(a) && isnan(b)) || nibble_float_to_bits(a) == nibble_float_to_bits(b);
}

static int same_half(uint16_t a, uint16_t b) {
  return a == b || ((a & 0x7fff) > 0x7c00 && (b & 0x7fff) > 0x7c00);
}

static void test_dequantize(nibble_isa isa, uint32_t type) {
  for (int round = 0; round < ROUNDS; round++) {
    const size_t blocks = 1 + next() % 40, count = blocks * nibble_block_values(type);
    const size_t size = blocks * nibble_block_bytes(type);
    uint8_t *src = at_the_edge(size);
    float *a = floats(count), *b = floats(count);
    uint16_t *c = at_the_edge(2 * count), *d = at_the_edge(2 * count);
    fill(src, size, round);
    nibble_dequantize_f32_scalar(type, src, a, count);
    nibble_dequantize_f32_isa(isa, type, src, b, count);
    nibble_dequantize_f16_scalar(type, src, c, count);
    nibble_dequantize_f16_isa(isa, type, src, d, count);
    for (size_t i = 0; i < count; i++) {
      check(same_float(a[i], b[i]), "dequantize to f32", isa, type, i);
      check(same_half(c[i], d[i]), "dequantize to f16", isa, type, i);
    }
    give_back(src, size), give_back(a, 4 * count), give_back(b, 4 * count);
    give_back(c, 2 * count), give_back(d, 2 * count);
  }
}

typedef void (*product_kernel)(nibble_isa isa, uint32_t type, const nibble_product *p);

// Sums are near those in double, and one row and token at a time gives the same bits.
static void test_products(const char *name, nibble_isa isa, uint32_t type, product_kernel kernel,
                          int stride_in_bytes) {
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  for (int round = 0; round < ROUNDS; round++) {
    const size_t rows = 1 + next() % 21, tokens = 1 + next() % 15;
    const size_t cols = values > 1 ? (1 + next() % 3) * values : 1 + next() % 70;
    const size_t size = rows * cols / values * bytes;
    uint8_t *w = at_the_edge(size);
    float *x = floats(tokens * cols), *y = floats(tokens * rows), *row = floats(cols), one;
    fill_moderate(type, w, rows * cols / values);
    const size_t stride = stride_in_bytes ? size / rows : cols;
    nibble_product p = {w, stride, rows, cols, x, cols, tokens, y, rows};
    kernel(isa, type, &p);
    for (size_t r = 0; r < rows; r++) {
      nibble_dequantize_f32_scalar(type, w + r * (size / rows), row, cols);
      for (size_t t = 0; t < tokens; t++) {
        double sum = 0, magnitude = 0;
        for (size_t c = 0; c < cols; c++) {
          sum += (double)row[c] * x[t * cols + c];
          magnitude += fabs((double)row[c] * x[t * cols + c]);
        }
        const float found = y[t * rows + r];
        // Subnormal terms are rounded to whole multiples of the smallest one.
        const double limit = rounding * magnitude + (double)cols * 0x1p-149;
        check(fabs(found - sum) <= limit, name, isa, type, t * rows + r);
        const uint8_t *from = w + r * (size / rows);
        p = (nibble_product){from, stride, 1, cols, x + t * cols, cols, 1, &one, 1};
        kernel(isa, type, &p);
        check(same_float(one, found), "one row and token", isa, type, t * rows + r);
      }
    }
    give_back(w, size), give_back(x, 4 * tokens * cols), give_back(y, 4 * tokens * rows);
    give_back(row, 4 * cols);
  }
}

static void test_integers(nibble_isa isa, uint32_t type) {
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  for (int round = 0; round < ROUNDS; round++) {
    const size_t rows = 1 + next() % 50, tokens = 1 + next() % 27;
    const size_t cols = (1 + next() % 3) * values, size = rows * cols / values * bytes;
    uint8_t *w = at_the_edge(size), *panels = at_the_edge(size);
    float *x = floats(tokens * cols), *expected = floats(tokens * rows), *y = floats(tokens * rows);
    // Tokens of zeros, of subnormal values and of large ones: all 127 or -127.
    const float magnitudes[] = {0, 1e-42f, 3e4f};
    for (size_t i = 0; i < tokens * cols && round % 4 < 2; i++)
      x[i] = copysignf(magnitudes[i / cols % 3], x[i]);
    if (round % 2 == 0)
      fill(w, size, round / 2);
    else
      fill_moderate(type, w, size / bytes);
    nibble_interleave(type, w, panels, rows, cols);
    const size_t length = nibble_int8_bytes(tokens, cols);
    nibble_int8_block *reference = at_the_edge(length), *blocks = at_the_edge(length);
    nibble_int8_quantize_isa(NIBBLE_ISA_SCALAR, x, cols, tokens, cols, reference);
    nibble_int8_quantize_isa(isa, x, cols, tokens, cols, blocks);
    for (size_t i = 0; i < length / sizeof *blocks; i++)
      check(memcmp(reference + i, blocks + i, sizeof *blocks) == 0, "int8", isa, type, i);
    nibble_integer_product p = {type, w, rows, cols, blocks, tokens, expected, rows};
    nibble_integer_matmul_scalar(&p);
    p.w = panels, p.y = y;
    const size_t first = rows / 2 / NIBBLE_PANEL * NIBBLE_PANEL;
    nibble_integer_matmul_isa(isa, &p, 0, first);
    nibble_integer_matmul_isa(isa, &p, first, rows - first);
    for (size_t i = 0; i < tokens * rows; i++)
      check(same_float(expected[i], y[i]), "integer product", isa, type, i);
    give_back(w, size), give_back(panels, size), give_back(x, 4 * tokens * cols);
    give_back(expected, 4 * tokens * rows), give_back(y, 4 * tokens * rows);
    give_back(reference, length), give_back(blocks, length);
  }
}

static int near(float a, float b) { return fabsf(a - b) <= 1e-5f * (1 + fabsf(b)); }

static void test_pages(nibble_isa isa, uint32_t type) {
  for (int round = 0; round < ROUNDS; round++) {
    const size_t cols = 1 + next() % 70, count = 1 + next() % NIBBLE_PAGE, tokens = 1 + next() % 15;
    const size_t size = cols * NIBBLE_PAGE * nibble_block_bytes(type), results = tokens * count;
    uint8_t *page = at_the_edge(size);
    fill_moderate(type, page, cols * NIBBLE_PAGE);
    float *x = floats(tokens * cols), *a = floats(results), *b = floats(results);
    nibble_page_scores s = {page, cols, count, x, cols, tokens, a, count};
    type == NIBBLE_TYPE_F16 ? nibble_page_scores_f16_scalar(&s) : nibble_page_scores_f32_scalar(&s);
    s.y = b;
    nibble_page_scores_isa(isa, type, &s);
    for (size_t i = 0; i < results; i++) check(same_float(a[i], b[i]), "scores", isa, type, i);
    // The same bytes as `count` rows of values.
    float *out = floats(tokens * cols), *weights = floats(results);
    nibble_page_sums v = {page, cols, count, cols, weights, count, tokens, x, cols};
    memcpy(out, x, 4 * tokens * cols);
    type == NIBBLE_TYPE_F16 ? nibble_page_sums_f16_scalar(&v) : nibble_page_sums_f32_scalar(&v);
    v.out = out;
    nibble_page_sums_isa(isa, type, &v);
    for (size_t i = 0; i < tokens * cols; i++)
      check(same_float(x[i], out[i]), "sums", isa, type, i);
    give_back(page, size), give_back(x, 4 * tokens * cols), give_back(out, 4 * tokens * cols);
    give_back(a, 4 * results), give_back(b, 4 * results), give_back(weights, 4 * results);
  }
}

static void test_statistics(nibble_isa isa, uint32_t type) {
  for (int round = 0; round < ROUNDS; round++) {
    const size_t count = next() % 200, size = count * nibble_block_bytes(type);
    uint8_t *values = at_the_edge(size);
    fill(values, size, round);
    const nibble_statistics a = nibble_statistics_isa(NIBBLE_ISA_SCALAR, type, values, count);
    const nibble_statistics b = nibble_statistics_isa(isa, type, values, count);
    check((a.sum == b.sum || (isnan(a.sum) && isnan(b.sum))) &&
              (a.squares == b.squares || (isnan(a.squares) && isnan(b.squares))) &&
              a.min == b.min && a.max == b.max,
          "statistics", isa, type, count);
    give_back(values, size);
  }
}

static void test_elementwise(nibble_isa isa) {
  for (int round = 0; round < ROUNDS; round++) {
    const size_t count = 1 + next() % 300, visible = 1 + next() % count;
    float *x = floats(count), *up = floats(count), *y = floats(count);
    for (size_t i = 0; i < count && round % 2; i++) x[i] *= 60;
    nibble_swiglu_isa(isa, x, up, y, count);
    for (size_t i = 0; i < count; i++)
      check(near(y[i], (float)(x[i] / (1 + exp(-(double)x[i])) * up[i])), "swiglu", isa, 0, i);
    double highest = -INFINITY, sum = 0;
    for (size_t i = 0; i < visible; i++) highest = fmax(highest, x[i]);
    for (size_t i = 0; i < visible; i++) sum += exp((x[i] - highest) * 0.5);
    memcpy(y, x, 4 * count);
    nibble_softmax_isa(isa, y, count, visible, 0.5f);
    for (size_t i = 0; i < count; i++) {
      const double expected = i < visible ? exp((x[i] - highest) * 0.5) / sum : 0;
      check(near(y[i], (float)expected), "softmax", isa, 0, i);
    }
    give_back(x, 4 * count), give_back(up, 4 * count), give_back(y, 4 * count);
  }
}

int main(void) {
  static const uint32_t plain[] = {NIBBLE_TYPE_F32, NIBBLE_TYPE_F16, NIBBLE_TYPE_BF16};
  static const uint32_t packed[] = {
#define ENTRY(type) type,
      NIBBLE_EACH_BLOCK_TYPE(ENTRY)};
  enum { PLAIN = sizeof plain / sizeof *plain, PACKED = sizeof packed / sizeof *packed };
  for (nibble_isa isa = NIBBLE_ISA_SCALAR; isa <= nibble_isa_best(); isa++) {
    for (size_t i = 0; i < PLAIN; i++) {
      test_dequantize(isa, plain[i]);
      test_products("product", isa, plain[i], nibble_matmul_isa, 0);
    }
    for (size_t i = 0; i < PLAIN - 1; i++) {
      test_pages(isa, plain[i]);
      test_statistics(isa, plain[i]);
    }
    for (size_t i = 0; i < PACKED; i++) {
      test_dequantize(isa, packed[i]);
      test_products("fused product", isa, packed[i], nibble_fused_matmul_isa, 1);
    }
    test_elementwise(isa);
  }
  for (nibble_isa isa = NIBBLE_ISA_SCALAR; isa <= nibble_integer_isa_best(); isa++)
    for (size_t i = 0; i < PACKED; i++) test_integers(isa, packed[i]);
  printf("%s, integer products up to instruction set %u: %d checks, %d failures\n",
         nibble_cpu_features(), nibble_integer_isa_best(), checks, failures);
  return failures > 0;
}
