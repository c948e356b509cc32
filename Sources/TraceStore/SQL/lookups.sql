-- What a reader looks up by number; their names start with an underscore because they may change.

-- A tile with the rows that it holds.
CREATE VIEW _tile_rows AS
SELECT
  -- The step at which it was made.
  t.id AS id,
  -- The rows that it holds: a row of weight_tile.
  t.weight_tile AS weight_tile,
  -- The tensor.
  w.tensor AS tensor,
  -- Its first row in the tensor.
  w.first_row AS first_row,
  -- How many rows it has.
  w.rows AS rows,
  -- How many values a row has.
  s.cols AS cols,
  -- Bytes of these rows, packed.
  w.packed_bytes AS packed_bytes,
  -- 0 for f32 values, 1 for f16.
  t.type_code AS type_code,
  -- Bytes, dequantized.
  t.bytes AS bytes,
  -- The step of the first product that read it, or NULL.
  t.used_step AS used_step,
  -- The step at which it was freed, or NULL while it is alive.
  t.freed_step AS freed_step,
  -- The buffer that it lies in, or NULL.
  t.in_buffer AS in_buffer,
  -- How long dequantizing it took, in ns.
  t.dequantize_ns AS dequantize_ns,
  -- Least value.
  w.value_min AS value_min,
  -- Greatest value.
  w.value_max AS value_max,
  -- Mean of the values.
  w.value_mean AS value_mean,
  -- Root mean square of the values.
  w.value_rms AS value_rms
FROM _tile AS t
  LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
  LEFT JOIN tensor AS s ON s.id = w.tensor;

-- A product with the rows that it read.
CREATE VIEW _matmul_rows AS
SELECT
  -- The step at which it was done.
  p.step AS step,
  -- The tile, or NULL.
  e.step - e.buffer AS tile,
  -- The tensor.
  p.tensor AS tensor,
  -- The first row of the tensor.
  coalesce(p.first_row, w.first_row) AS first_row,
  -- Tokens.
  p.m AS m,
  -- Columns.
  p.k AS k,
  -- Rows of the weights.
  p.n AS n,
  -- How long it took, in ns.
  p.duration_ns AS duration_ns,
  -- Floating-point operations.
  2 * p.m * p.k * p.n AS flops
FROM _matmul AS p
  LEFT JOIN _event AS e ON e.step = p.step
  LEFT JOIN _tile AS t ON t.id = e.step - e.buffer
  LEFT JOIN weight_tile AS w ON w.id = t.weight_tile;

-- The buffers that outlive the pass they were made in, as the view buffer has them.
CREATE VIEW _kept_buffer AS
SELECT
  -- The step at which it was allocated.
  k.id AS id,
  -- Memory category.
  coalesce(l.category, 'weights_dequantized') AS category,
  -- What it holds.
  coalesce(l.name, s.name || ' rows ' || w.first_row || '..<' || (w.first_row + w.rows)) AS name,
  -- Bytes.
  coalesce(a.bytes, t.bytes) AS bytes,
  -- The step at which it was freed, or NULL while it is alive.
  coalesce(a.freed_step, t.freed_step) AS freed_step,
  -- The tile that it is, or NULL.
  t.id AS tile
FROM _kept AS k
  LEFT JOIN _allocation AS a ON a.id = k.id
  LEFT JOIN _label AS l ON l.id = a.label
  -- Looked for only where it is no allocation: there are millions of tiles.
  LEFT JOIN _tile AS t ON t.id = CASE WHEN a.id IS NULL THEN k.id END
  LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
  LEFT JOIN tensor AS s ON s.id = w.tensor;

