-- Operations: where the time goes, and what values come out.

-- Each operation of each pass, the slowest first.
CREATE VIEW slowest_ops AS
SELECT
  -- The operation.
  o.id AS op,
  -- The pass.
  o.pass AS pass,
  -- The transformer layer, or NULL.
  o.layer AS layer,
  -- Its name.
  o.name AS name,
  -- What it does.
  o.kind AS kind,
  -- Rows of its output.
  o.rows AS rows,
  -- Columns of its output.
  o.cols AS cols,
  -- How long it took, in ns.
  o.duration_ns AS duration_ns,
  -- Its share of the time of its pass, in percent.
  round(100.0 * o.duration_ns / nullif(p.duration_ns, 0), 2) AS percent,
  -- Floating-point operations of its products, or NULL where it has none.
  (SELECT sum(2 * m.m * m.k * m.n) FROM _matmul AS m
    WHERE m.step BETWEEN o.first_step AND o.last_step) AS flops
FROM op AS o LEFT JOIN pass AS p ON p.id = o.pass
ORDER BY o.duration_ns DESC, o.id;

-- The kinds of operation: how often, how long.
CREATE VIEW op_kind_summary AS
SELECT
  -- What they do: mul_mat, rms_norm, rope…
  n.kind AS kind,
  -- How many ran.
  count(*) AS ops,
  -- How long they took in all, in ns.
  sum(o.duration_ns) AS duration_ns,
  -- How long one took on average, in ns.
  CAST((sum(o.duration_ns) - sum(o.duration_ns) % count(*)) / count(*) AS BIGINT) AS mean_ns,
  -- How long the slowest took, in ns.
  max(o.duration_ns) AS max_ns,
  -- Their share of the time of all operations, in percent.
  round(100.0 * sum(o.duration_ns) / (SELECT nullif(sum(duration_ns), 0) FROM _op), 2) AS percent
FROM _op AS o LEFT JOIN _node AS n ON n.id = o.node
GROUP BY n.kind ORDER BY sum(o.duration_ns) DESC;

-- The range of values that each operation gave over all passes, in the order of the model.
CREATE VIEW value_ranges AS
SELECT
  -- The operation's name.
  n.name AS name,
  -- The transformer layer, or NULL.
  n.layer AS layer,
  -- What it does.
  n.kind AS kind,
  -- In how many passes it ran.
  count(*) AS passes,
  -- Least value that it ever gave.
  min(o.min) AS min,
  -- Greatest value that it ever gave.
  max(o.max) AS max,
  -- Mean over all its values.
  sum(o.sum) / sum(o.rows * o.cols) AS mean,
  -- The largest root mean square of one pass.
  max(o.rms) AS max_rms
FROM _op AS o LEFT JOIN _node AS n ON n.id = o.node
WHERE o.rms IS NOT NULL
GROUP BY o.node, n.name, n.layer, n.kind ORDER BY min(o.id);

-- Each operation of the model over all passes: what it dequantized, computed and took.
CREATE VIEW op_summary AS
WITH
  -- Tiles by operation of the model.
  made AS (
    SELECT o.node AS node, count(*) AS tiles, sum(t.bytes) AS bytes, sum(w.packed_bytes) AS packed,
      sum(t.dequantize_ns) AS ns
    FROM _op AS o CROSS JOIN _tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile
    WHERE t.id BETWEEN o.first_step AND o.last_step GROUP BY o.node),
  -- Products by operation of the model.
  used AS (
    SELECT o.node AS node, count(*) AS products, sum(2 * m.m * m.k * m.n) AS flops,
      sum(m.duration_ns) AS ns
    FROM _op AS o CROSS JOIN _matmul AS m
    WHERE m.step BETWEEN o.first_step AND o.last_step GROUP BY o.node),
  -- Runs of it.
  ran AS (
    SELECT o.node AS node, min(o.id) AS first, count(*) AS runs, sum(o.duration_ns) AS ns,
      max(m.total) AS peak
    FROM _op AS o LEFT JOIN _memory AS m ON m.id = o.peak GROUP BY o.node)
SELECT
  -- The operation's name, as llama.cpp names it.
  n.name AS name,
  -- The transformer layer, or NULL.
  n.layer AS layer,
  -- What it does.
  n.kind AS kind,
  -- The weight tensor that it reads, or NULL.
  (SELECT s.name FROM tensor AS s WHERE s.id = n.tensor) AS tensor,
  -- In how many passes it ran.
  r.runs AS runs,
  -- How many tiles it made.
  coalesce(m.tiles, 0) AS tiles,
  -- Packed bytes that it dequantized, added up over the run.
  coalesce(m.packed, 0) AS packed,
  -- Bytes of its tiles, added up over the run.
  coalesce(m.bytes, 0) AS dequantized,
  -- Its share of all bytes dequantized, in percent.
  round(100.0 * coalesce(m.bytes, 0) / (SELECT nullif(sum(bytes), 0) FROM _tile), 2)
    AS dequantized_percent,
  -- How long making its tiles took, in ns.
  CASE WHEN m.tiles > 0 THEN m.ns ELSE 0 END AS dequantize_ns,
  -- How many products with weights it computed.
  coalesce(u.products, 0) AS products,
  -- Floating-point operations of these.
  coalesce(u.flops, 0) AS flops,
  -- How long these took, in ns.
  CASE WHEN u.products > 0 THEN u.ns ELSE 0 END AS multiply_ns,
  -- How long it took in all, in ns.
  r.ns AS duration_ns,
  -- Its share of the time of all operations, in percent.
  round(100.0 * r.ns / (SELECT nullif(sum(duration_ns), 0) FROM _op), 2) AS percent,
  -- The highest total of live bytes while it ran.
  r.peak AS peak
FROM ran AS r JOIN _node AS n ON n.id = r.node
  LEFT JOIN made AS m ON m.node = r.node
  LEFT JOIN used AS u ON u.node = r.node
ORDER BY r.first;
