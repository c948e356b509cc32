// The body of statistics.c, once for each instruction set: NAME is the suffix of its functions,
// WIDEN turns LANES float16 at a place into floats.
INLINE void NAME(load_f32)(const void *values, size_t i, floats *v) {
  *v = *(const floats *)((const float *)values + i);
}

INLINE void NAME(load_f16)(const void *values, size_t i, floats *v) {
  const uint16_t *halves = (const uint16_t *)values + i;
  WIDEN(halves, v);
}

INLINE nibble_statistics NAME(statistics)(
    const char *values, size_t size, size_t count,
    void (*load)(const void *values, size_t i, floats *v)) {
  doubles sum = {0}, squares = {0};
  floats low = (floats){0} + INFINITY, high = (floats){0} - INFINITY, v;
  const size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    load(values, i, &v);
    const doubles wide = __builtin_convertvector(v, doubles);
    sum += wide;
    squares += wide * wide;
    low = CHOOSE(v < low, v, low);
    high = CHOOSE(v > high, v, high);
  }
  float rest[LANES] = {0};
  if (whole < count) {
    memcpy(rest, values + whole * size, (count - whole) * size);
    load(rest, 0, &v);
    memcpy(rest, &v, sizeof rest);
  }
  for (size_t i = 0; i < count - whole; i++) {
    sum[i] += (double)rest[i];
    squares[i] += (double)rest[i] * (double)rest[i];
    low[i] = rest[i] < low[i] ? rest[i] : low[i];
    high[i] = rest[i] > high[i] ? rest[i] : high[i];
  }
  for (int width = LANES / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) {
      sum[i] += sum[i + width];
      squares[i] += squares[i + width];
      low[i] = low[i + width] < low[i] ? low[i + width] : low[i];
      high[i] = high[i + width] > high[i] ? high[i + width] : high[i];
    }
  }
  return (nibble_statistics){sum[0], squares[0], low[0], high[0]};
}

static nibble_statistics NAME(statistics_f32)(const float *values, size_t count) {
  return NAME(statistics)((const char *)values, sizeof *values, count, NAME(load_f32));
}

static nibble_statistics NAME(statistics_f16)(const uint16_t *values, size_t count) {
  return NAME(statistics)((const char *)values, sizeof *values, count, NAME(load_f16));
}

#undef NAME
#undef WIDEN
