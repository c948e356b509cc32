-- Dequantized tiles: how many, how large, how long they live, and what that adds up to.

-- The life of each tile, with the rows that it holds and the product that read it first.
CREATE VIEW tile_lifetime AS
SELECT
  -- The tile: the step at which it was made.
  t.id AS tile,
  -- The pass, or NULL while loading.
  o.pass AS pass,
  -- The operation that it was made in, or NULL while loading.
  e.op AS op,
  -- The transformer layer, or NULL.
  s.layer AS layer,
  -- The weight tensor's name.
  s.name AS tensor,
  -- Its first row in the tensor, counting from 0.
  w.first_row AS first_row,
  -- How many rows it has.
  w.rows AS rows,
  -- What its values are: f16 or f32.
  CASE t.type_code WHEN 1 THEN 'f16' ELSE 'f32' END AS type,
  -- Bytes of these rows, packed.
  w.packed_bytes AS packed_bytes,
  -- Bytes, dequantized.
  t.bytes AS bytes,
  -- The step at which it was made.
  t.id AS made_step,
  -- The step of the first product that read it, or NULL.
  t.used_step AS used_step,
  -- The step at which it was freed, or NULL while it is alive.
  t.freed_step AS freed_step,
  -- For how many steps it was alive, or NULL while it is.
  t.freed_step - t.id AS lifetime,
  -- The buffer that it lies in, or NULL for a tile that is a buffer of its own.
  t.in_buffer AS in_buffer,
  -- How long dequantizing it took, in ns, or NULL.
  t.dequantize_ns AS dequantize_ns,
  -- How long the first product that read it took, in ns, or NULL.
  p.duration_ns AS multiply_ns
FROM _tile AS t
  LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
  LEFT JOIN tensor AS s ON s.id = w.tensor
  LEFT JOIN _event AS e ON e.step = t.id
  LEFT JOIN _op AS o ON o.id = e.op
  LEFT JOIN _matmul AS p ON p.step = t.used_step;

-- Bytes dequantized so far beside bytes alive, tile by tile: the two curves that tell whether
-- dequantizing blows up memory.
CREATE VIEW dequantized_so_far AS
SELECT
  -- The step at which a tile was made.
  t.id AS step,
  -- Bytes of that tile.
  t.bytes AS bytes,
  -- Bytes of all tiles made up to it, added up.
  sum(t.bytes) OVER (ORDER BY t.id) AS dequantized,
  -- Bytes of dequantized weights alive right after it.
  m.weights_dequantized AS live
FROM _tile AS t
  LEFT JOIN _event AS e ON e.step = t.id
  LEFT JOIN _memory AS m ON m.id = e.memory
ORDER BY t.id;

-- The run in one row: what dequantizing on demand took, and what doing it all at once would.
CREATE VIEW dequantization_summary AS
SELECT
  -- Bytes of the quantized matrices that were dequantized, packed.
  (SELECT sum(s.bytes) FROM tensor AS s
    WHERE s.id IN (SELECT tensor FROM weight_tile)) AS packed,
  -- Bytes of the same matrices as float16, all alive at once.
  (SELECT sum(2 * s.rows * s.cols) FROM tensor AS s
    WHERE s.id IN (SELECT tensor FROM weight_tile)) AS whole_model,
  -- How many tiles were made.
  (SELECT count(*) FROM _tile) AS tiles,
  -- Bytes of all tiles that were made, added up over the run.
  (SELECT sum(bytes) FROM _tile) AS dequantized,
  -- Bytes of the largest tile.
  (SELECT max(bytes) FROM _tile) AS largest_tile,
  -- The most bytes of dequantized weights that were ever alive at once.
  (SELECT max(weights_dequantized) FROM _memory) AS live_at_most;

-- Bytes of weights that each step read and wrote, in the sizes that the steps worked on and
-- whatever the processor's caches saved: a dequantization reads packed bytes and writes
-- dequantized ones, a product reads its rows of a tile, or packed where it has none.
CREATE VIEW bytes_moved AS
WITH
  -- Dequantizations and products.
  moves AS (
    SELECT t.id AS step, w.tensor AS tensor, w.packed_bytes AS packed_read,
      t.bytes AS dequantized_written, 0 AS dequantized_read
    FROM _tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile
    UNION ALL
    SELECT p.step, p.tensor,
      CASE WHEN t.id IS NULL THEN CAST(s.bytes * p.n / s.rows AS BIGINT) ELSE 0 END,
      0, coalesce(CAST(t.bytes * p.n / w.rows AS BIGINT), 0)
    FROM _matmul AS p JOIN tensor AS s ON s.id = p.tensor JOIN _event AS e ON e.step = p.step
      LEFT JOIN _tile AS t ON t.id = e.step - e.buffer LEFT JOIN weight_tile AS w ON w.id = t.weight_tile)
SELECT
  -- The step of the dequantization or of the product.
  m.step AS step,
  -- The pass, or NULL while loading.
  o.pass AS pass,
  -- The weight tensor: its place in the model file.
  m.tensor AS tensor,
  -- Packed bytes that were read.
  m.packed_read AS packed_read,
  -- Dequantized bytes that were written.
  m.dequantized_written AS dequantized_written,
  -- Dequantized bytes that were read.
  m.dequantized_read AS dequantized_read,
  -- All of them.
  m.packed_read + m.dequantized_written + m.dequantized_read AS bytes
FROM moves AS m
  LEFT JOIN _event AS e ON e.step = m.step
  LEFT JOIN _op AS o ON o.id = e.op;

-- Each weight tensor: what it is packed, what it would be as float16, and what the run made of it.
CREATE VIEW tensor_summary AS
WITH
  -- Tiles by tensor.
  made AS (
    SELECT w.tensor AS tensor, count(*) AS tiles, sum(t.bytes) AS bytes, max(t.bytes) AS largest,
      sum(t.dequantize_ns) AS ns
    FROM _tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile GROUP BY w.tensor),
  -- Products by tensor.
  used AS (
    SELECT tensor, count(*) AS products, sum(2 * m * k * n) AS flops, sum(duration_ns) AS ns
    FROM _matmul GROUP BY tensor)
SELECT
  -- The tensor: its place in the model file.
  s.id AS tensor,
  -- Its name.
  s.name AS name,
  -- The transformer layer, or NULL.
  s.layer AS layer,
  -- What it is for.
  s.role AS role,
  -- The format its values are packed in.
  s.type AS type,
  -- Bytes, packed.
  s.bytes AS packed,
  -- Bytes as float16.
  2 * s.rows * s.cols AS as_float16,
  -- How many tiles were made of it.
  coalesce(made.tiles, 0) AS tiles,
  -- Bytes of them, added up over the run.
  coalesce(made.bytes, 0) AS dequantized,
  -- Bytes of the largest of them.
  coalesce(made.largest, 0) AS largest_tile,
  -- How long making them took in all, in ns.
  CASE WHEN made.tiles > 0 THEN made.ns ELSE 0 END AS dequantize_ns,
  -- How many products read it.
  coalesce(used.products, 0) AS products,
  -- Floating-point operations of these.
  coalesce(used.flops, 0) AS flops,
  -- How long they took in all, in ns.
  CASE WHEN used.products > 0 THEN used.ns ELSE 0 END AS multiply_ns,
  -- Its share of all packed weights, in percent.
  round(100.0 * s.bytes / (SELECT nullif(sum(bytes), 0) FROM tensor), 2) AS packed_percent,
  -- Its share of all bytes dequantized, in percent.
  round(100.0 * coalesce(made.bytes, 0) / (SELECT nullif(sum(bytes), 0) FROM _tile), 2)
    AS dequantized_percent,
  -- Its share of the time that all tensors' tiles and products took, in percent.
  round(100.0 * (coalesce(made.ns, 0) + coalesce(used.ns, 0)) / nullif(
    (SELECT coalesce(sum(ns), 0) FROM made) + (SELECT coalesce(sum(ns), 0) FROM used), 0), 2)
    AS percent
FROM tensor AS s
  LEFT JOIN made ON made.tensor = s.id
  LEFT JOIN used ON used.tensor = s.id
ORDER BY s.id;

-- Each layer, and one row with NULL for what is outside them: memory, work and time over the run.
CREATE VIEW layer_summary AS
WITH
  -- Every layer, and NULL, whose key is -1.
  layers AS (
    SELECT layer, coalesce(layer, -1) AS key FROM tensor
    UNION SELECT layer, coalesce(layer, -1) FROM _node),
  -- Tensors by layer.
  weights AS (
    SELECT coalesce(layer, -1) AS key, sum(packed) AS packed, sum(as_float16) AS as_float16, sum(tiles) AS tiles,
      sum(dequantized) AS dequantized, max(largest_tile) AS largest_tile,
      sum(dequantize_ns) AS dequantize_ns, sum(flops) AS flops
    FROM tensor_summary GROUP BY coalesce(layer, -1)),
  -- Operations by layer.
  work AS (
    SELECT coalesce(n.layer, -1) AS key, count(*) AS ops, sum(o.duration_ns) AS ns, max(m.total) AS peak
    FROM _op AS o LEFT JOIN _node AS n ON n.id = o.node LEFT JOIN _memory AS m ON m.id = o.peak
    GROUP BY coalesce(n.layer, -1)),
  -- Appends by layer.
  cache AS (
    SELECT layer AS key, sum(key_bytes + value_bytes) AS bytes FROM kv_append GROUP BY layer)
SELECT
  -- The layer, counting from 0; NULL for the embedding and the output.
  layers.layer AS layer,
  -- Bytes of its weights, packed.
  coalesce(weights.packed, 0) AS packed,
  -- Bytes of its weights as float16.
  coalesce(weights.as_float16, 0) AS as_float16,
  -- How many tiles were made of them.
  coalesce(weights.tiles, 0) AS tiles,
  -- Bytes of these tiles, added up over the run.
  coalesce(weights.dequantized, 0) AS dequantized,
  -- Bytes of the largest of them.
  coalesce(weights.largest_tile, 0) AS largest_tile,
  -- Bytes that it appended to the KV cache.
  coalesce(cache.bytes, 0) AS kv_bytes,
  -- The highest total of live bytes during one of its operations.
  work.peak AS peak,
  -- How many operations it ran.
  coalesce(work.ops, 0) AS ops,
  -- Floating-point operations of its products.
  coalesce(weights.flops, 0) AS flops,
  -- How long making its tiles took, in ns.
  CASE WHEN weights.tiles > 0 THEN weights.dequantize_ns ELSE 0 END AS dequantize_ns,
  -- How long its operations took, in ns.
  CASE WHEN work.ops > 0 THEN work.ns ELSE 0 END AS duration_ns,
  -- Its share of the time of all operations, in percent.
  round(100.0 * work.ns / (SELECT nullif(sum(duration_ns), 0) FROM _op), 2) AS percent
FROM layers
  LEFT JOIN weights ON weights.key = layers.key
  LEFT JOIN work ON work.key = layers.key
  LEFT JOIN cache ON cache.key = layers.key
ORDER BY layers.layer IS NULL, layers.layer;

-- What packing changed in each tensor, where the unquantized model was named (--original): the
-- largest share first.
CREATE VIEW packing_error AS
SELECT
  -- The weight tensor.
  s.name AS name,
  -- The transformer layer, or NULL.
  s.layer AS layer,
  -- What it is for: attn_q, ffn_gate…
  s.role AS role,
  -- The format its values are packed in.
  s.type AS type,
  -- Bits per weight.
  s.bpw AS bpw,
  -- Mean square of what packing changed, over the rows that were dequantized; its square root is
  -- the rmse.
  sum(w.error_rms * w.error_rms * w.rows) / sum(w.rows) AS error_squared,
  -- The largest change of one weight.
  max(w.error_max) AS max_error,
  -- The mean square error as a share of the weights' own mean square, in percent; NULL where no
  -- statistics were kept.
  100.0 * sum(w.error_rms * w.error_rms * w.rows)
    / nullif(sum(w.value_rms * w.value_rms * w.rows), 0) AS percent
FROM weight_tile AS w JOIN tensor AS s ON s.id = w.tensor
WHERE w.error_rms IS NOT NULL
GROUP BY s.id, s.name, s.layer, s.role, s.type, s.bpw ORDER BY percent DESC, error_squared DESC;
