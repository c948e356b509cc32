-- Who holds the memory, and when. Everything here comes from the engine's own ledger.

-- Live memory at every step, with the operation that was running.
CREATE VIEW memory_timeline AS
SELECT
  -- The step.
  e.step AS step,
  -- The pass, or NULL while loading and between operations.
  o.pass AS pass,
  -- The transformer layer, or NULL.
  n.layer AS layer,
  -- The operation's number, or NULL.
  e.op AS op,
  -- The operation's name, or NULL.
  n.name AS op_name,
  -- What happened: dequantize, multiply, free, alloc, compute, append or fail.
  e.kind AS kind,
  -- Bytes of $label alive after it.
  e.$category AS $category,
  -- Bytes alive after it in all categories together.
  e.live AS total
FROM event AS e
  LEFT JOIN _op AS o ON o.id = e.op
  LEFT JOIN _node AS n ON n.id = o.node;

-- The most that each category ever held, and what it held when all together held most.
CREATE VIEW peak_by_category AS
WITH
  -- The first moment of the highest total.
  moment AS (SELECT * FROM _memory ORDER BY total DESC, id LIMIT 1),
  -- The highest of each category, with the first step that reached it.
  highest(place, category, bytes, step, at_peak) AS (
    SELECT $place, '$category', (SELECT max($category) FROM _memory),
      (SELECT min(id) FROM _memory WHERE $category = (SELECT max($category) FROM _memory)),
      $category FROM moment UNION ALL
    SELECT 100, 'total', total, id, total FROM moment)
SELECT
  -- Memory category; total for all together.
  category AS category,
  -- The most bytes that it ever held.
  bytes AS bytes,
  -- The first step after which it held them.
  CASE WHEN bytes > 0 THEN step END AS step,
  -- Bytes that it held at the first moment of the highest total.
  at_peak AS at_peak,
  -- Its share of that total, in percent.
  round(100.0 * at_peak / (SELECT nullif(total, 0) FROM moment), 2) AS at_peak_percent
FROM highest ORDER BY place;

-- The buffers alive at the first moment of the highest total, largest first.
CREATE VIEW peak_buffers AS
WITH moment AS (SELECT id AS step, total FROM _memory ORDER BY total DESC, id LIMIT 1)
SELECT
  -- The buffer: the step at which it was allocated.
  b.id AS id,
  -- Memory category.
  b.category AS category,
  -- What it holds.
  b.name AS name,
  -- Bytes.
  b.bytes AS bytes,
  -- Its share of the total at that moment, in percent.
  round(100.0 * b.bytes / m.total, 2) AS percent,
  -- The step at which it was freed, or NULL.
  b.freed_step AS freed_step
FROM moment AS m CROSS JOIN buffer AS b
WHERE b.allocated_step <= m.step AND (b.freed_step IS NULL OR b.freed_step > m.step)
ORDER BY b.bytes DESC, b.id;

-- Live memory at the worst moment of each operation: the timeline at a hundredth of its length.
CREATE VIEW memory_by_op AS
SELECT
  -- The operation.
  o.id AS op,
  -- The pass.
  o.pass AS pass,
  -- The transformer layer, or NULL.
  n.layer AS layer,
  -- The operation's name.
  n.name AS name,
  -- Bytes of $label at the first moment of the operation's highest total.
  m.$category AS $category,
  -- Bytes in all categories together at that moment.
  m.total AS total
FROM _op AS o
  LEFT JOIN _node AS n ON n.id = o.node
  LEFT JOIN _memory AS m ON m.id = o.peak;

-- One row a pass: how memory grows with the context.
CREATE VIEW memory_by_pass AS
SELECT
  -- The pass.
  p.id AS pass,
  -- The branch of the run, 0 unless it was taken back.
  p.branch AS branch,
  -- prefill or decode.
  p.kind AS kind,
  -- Positions in the KV cache when it ended, all sequences together; those that a branch shares
  -- count. A pass that was given up leaves those that were there before.
  p.positions AS positions,
  -- The most bytes of dequantized weights alive at once at the worst moment of an operation.
  max(m.weights_dequantized) AS weights_dequantized,
  -- The most bytes of KV cache alive at the worst moment of an operation.
  max(m.kv_cache) AS kv_cache,
  -- The most bytes of activations alive at the worst moment of an operation.
  max(m.activations) AS activations,
  -- The highest total of its operations, in bytes.
  max(m.total) AS total
FROM (
    SELECT a.*, coalesce(b.position, 0)
      + sum(a.tokens * a.is_finished) OVER (PARTITION BY a.branch ORDER BY a.id) AS positions
    FROM pass AS a LEFT JOIN branch AS b ON b.id = a.branch) AS p
  LEFT JOIN _op AS o ON o.id BETWEEN p.first_op AND p.last_op
  LEFT JOIN _memory AS m ON m.id = o.peak
GROUP BY p.id, p.branch, p.kind, p.positions;

-- Who holds the memory in each kind of pass: the most that each category ever held in it, and what
-- it held when all together held most.
CREATE VIEW peak_by_pass_kind AS
WITH
  -- States of memory by kind of pass, with the first step of each.
  seen AS (
    SELECT p.kind AS pass_kind, e.memory AS memory, min(e.step) AS step
    FROM pass AS p JOIN _event AS e ON e.step BETWEEN p.first_step AND p.last_step
    GROUP BY p.kind, e.memory),
  -- These states.
  state AS (SELECT s.pass_kind, s.step, m.* FROM seen AS s JOIN _memory AS m ON m.id = s.memory),
  -- The first moment of the highest total of each kind.
  moment AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY pass_kind ORDER BY total DESC, step) AS place
      FROM state)
    WHERE place = 1),
  -- Categories in the order of the ledger.
  categories(place, category) AS (
    SELECT $place, '$category' UNION ALL
    SELECT 100, 'total'),
  -- The most of each category, and what it held at that moment.
  highest AS (
    SELECT m.pass_kind, c.place, c.category, m.total, m.step,
      CASE c.category
        WHEN '$category' THEN m.$category
        ELSE m.total END AS at_peak,
      CASE c.category
        WHEN '$category' THEN h.$category
        ELSE m.total END AS bytes
    FROM moment AS m CROSS JOIN categories AS c JOIN (
      SELECT
        max($category) AS $category,
        pass_kind
      FROM state GROUP BY pass_kind) AS h ON h.pass_kind = m.pass_kind)
SELECT
  -- The kind of pass: prefill or decode.
  h.pass_kind AS pass_kind,
  -- Memory category; total for all together.
  h.category AS category,
  -- The most bytes that it ever held in a pass of this kind.
  h.bytes AS bytes,
  -- Bytes that it held at the first moment of the highest total in such passes.
  h.at_peak AS at_peak,
  -- Its share of that total, in percent.
  round(100.0 * h.at_peak / nullif(h.total, 0), 2) AS at_peak_percent,
  -- The step of that moment.
  h.step AS peak_step
FROM highest AS h ORDER BY h.pass_kind DESC, h.place;

-- What one more token costs as the context grows: each pass with what it left in the KV cache, and
-- the peak beside the positions that it had to do with.
CREATE VIEW memory_per_token AS
SELECT
  -- The pass.
  p.pass AS pass,
  -- The branch of the run, 0 unless it was taken back.
  p.branch AS branch,
  -- prefill or decode.
  p.kind AS kind,
  -- Positions in the KV cache when it ended, all sequences together.
  p.positions AS positions,
  -- Bytes of the KV cache in use when it ended.
  k.cache_bytes AS cache_bytes,
  -- Bytes of the KV cache that one position takes, all layers together.
  1.0 * k.cache_bytes / nullif(p.positions, 0) AS cache_bytes_per_token,
  -- The highest total of live bytes in one of its operations.
  p.total AS peak,
  -- That total without the weights, packed or dequantized: what grows.
  p.without_weights AS peak_without_weights,
  -- The same by position.
  1.0 * p.without_weights / nullif(p.positions, 0) AS peak_without_weights_per_token
FROM (
    SELECT b.*, (
        SELECT max(m.total - m.weights - m.weights_dequantized)
        FROM pass AS a JOIN _op AS o ON o.id BETWEEN a.first_op AND a.last_op
          JOIN _memory AS m ON m.id = o.peak
        WHERE a.id = b.pass) AS without_weights
    FROM memory_by_pass AS b) AS p
  LEFT JOIN (
    SELECT pass, max(cache_bytes) AS cache_bytes FROM _kept_append GROUP BY pass) AS k
    ON k.pass = p.pass
ORDER BY p.pass;
