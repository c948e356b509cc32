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
  (SELECT sum(m.flops) FROM matmul AS m
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
  sum(o.duration_ns) / count(*) AS mean_ns,
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
GROUP BY o.node ORDER BY min(o.id);
