// Packing of nf4 and fp4, as bitsandbytes rounds: the nearest of sixteen values for each value over
// the largest magnitude of its block, the lower one of two that are equally near. And of their scales
// for a file: the nearest of 256 values.
#include <math.h>

#include "encode.h"
#include "encode_blocks.h"
#include "nested_values.h"

#pragma STDC FP_CONTRACT OFF

bool nibble_encode_absmax(const float values[16], const float x[64], nibble_block_nf4 *b) {
  float absmax = 0;
  for (int i = 0; i < 64; i++)
    if (fabsf(x[i]) > absmax) absmax = fabsf(x[i]);
  b->absmax = absmax;
  int order[16];  // of the values, from the least
  for (int k = 0; k < 16; k++) {
    int at = k;
    for (; at > 0 && values[order[at - 1]] > values[k]; at--) order[at] = order[at - 1];
    order[at] = k;
  }
  const float inverse = 1.0f / (absmax > 1e-38f ? absmax : 1e-38f);
  uint8_t q[64];
  for (int i = 0; i < 64; i++) {
    const float scaled = x[i] * inverse;
    int place = 0;
    while (place < 15 && (values[order[place]] + values[order[place + 1]]) / 2 < scaled) place++;
    q[i] = (uint8_t)order[place];
  }
  for (int i = 0; i < 32; i++) b->qs[i] = (uint8_t)(q[2 * i] << 4 | q[2 * i + 1]);
  return true;
}

float nibble_nested_value(uint8_t code) { return nested_values[code]; }

// bitsandbytes looks the code up by the nearest of 65536 values, so that what lies between two codes
// may go to the further one.
uint8_t nibble_nested_code(float value) {
  const float kept = value < -1 ? -1 : value > 1 ? 1 : value;
  value = (float)(int)((kept + 1.0f) * 32767.5f + 0.5f) / 32767.5f - 1.0f;
  int low = 0, high = 255;  // the first code whose midpoint to the next is no longer below
  while (low < high) {
    const int middle = (low + high) / 2;
    if ((nested_values[middle] + nested_values[middle + 1]) / 2 < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (uint8_t)low;
}
