-- Two traces side by side: this one and the first that is attached, by pass and name of operation.

-- Each operation that both runs have, with what differs in its output.
CREATE VIEW op_differences AS
WITH
  -- Operations of the attached trace.
  theirs AS MATERIALIZED (
    SELECT o.id, o.pass, o.name, o.rows, o.cols, o.min, o.max, o.mean, o.rms, o.duration_ns
    FROM other.op AS o),
  -- Operations of this trace beside them.
  both AS (
    SELECT a.*, b.id AS b_id, b.rows AS b_rows, b.cols AS b_cols, b.duration_ns AS b_ns,
      max(abs(a.min - b.min), abs(a.max - b.max), abs(a.mean - b.mean), abs(a.rms - b.rms))
        AS statistics_difference,
      max(a.rms, b.rms) AS size,
      (SELECT v.data FROM main.value AS v WHERE v.op = a.id) AS data,
      (SELECT v.data FROM other.value AS v WHERE v.op = b.id) AS b_data
    FROM main.op AS a JOIN theirs AS b ON b.pass = a.pass AND b.name = a.name),
  -- Values can be compared where both runs captured as many.
  compared AS (
    SELECT *, CASE WHEN length(data) = length(b_data) THEN vec_max_abs_diff(data, b_data) END
        AS value_difference,
      CASE WHEN length(data) = length(b_data) THEN vec_cosine(data, b_data) END AS cosine
    FROM both)
SELECT
  -- The operation in this trace.
  c.id AS op,
  -- The operation in the other trace.
  c.b_id AS other_op,
  -- The pass, in both.
  c.pass AS pass,
  -- The transformer layer, or NULL.
  c.layer AS layer,
  -- The operation's name, in both.
  c.name AS name,
  -- What it does.
  c.kind AS kind,
  -- 1 where its output has the same shape in both, else 0.
  c.rows = c.b_rows AND c.cols = c.b_cols AS same_shape,
  -- The largest difference of least value, greatest value, mean and root mean square; NULL where a
  -- run kept no statistics.
  c.statistics_difference AS statistics_difference,
  -- The largest difference of two values at the same place; NULL unless both captured values.
  c.value_difference AS value_difference,
  -- Cosine of the angle between the outputs; NULL unless both captured values.
  c.cosine AS cosine,
  -- The larger root mean square of the two outputs.
  c.size AS rms,
  -- The difference of values, or else of statistics, as a part of that root mean square: what a
  -- tolerance is for.
  coalesce(c.value_difference, c.statistics_difference) / nullif(c.size, 0) AS difference,
  -- How long it took in this run, in ns.
  c.duration_ns AS duration_ns,
  -- How long it took in the other run, in ns.
  c.b_ns AS other_duration_ns
FROM compared AS c ORDER BY c.id;

-- For tolerances from 1e-6 to 1, the first operation that differs by more; none that is not
-- reached. For another: SELECT * FROM op_differences WHERE difference > :tolerance LIMIT 1.
CREATE VIEW first_difference AS
WITH
  -- Tolerances.
  steps(tolerance) AS (VALUES (1e-6), (1e-5), (1e-4), (1e-3), (1e-2), (1e-1), (1.0)),
  -- All differences, once.
  d AS MATERIALIZED (
    SELECT op, pass, layer, name, kind, difference FROM op_differences WHERE difference > 0)
SELECT
  -- The difference that is tolerated, as a part of the output's root mean square.
  s.tolerance AS tolerance,
  -- The first operation of this trace that differs by more.
  min(d.op) AS op,
  -- Its pass.
  d.pass AS pass,
  -- Its transformer layer, or NULL.
  d.layer AS layer,
  -- Its name.
  d.name AS name,
  -- What it does.
  d.kind AS kind,
  -- By how much it differs.
  d.difference AS difference
FROM steps AS s JOIN d ON d.difference > s.tolerance
GROUP BY s.tolerance;

-- The peak of each category of memory in both runs.
CREATE VIEW peak_differences AS
SELECT
  -- Memory category; total for all together.
  a.category AS category,
  -- The most bytes that it ever held in this run.
  a.bytes AS bytes,
  -- The most bytes that it ever held in the other run.
  b.bytes AS other_bytes,
  -- What the other run holds more, in bytes.
  b.bytes - a.bytes AS difference,
  -- How many times as much the other run holds; NULL where this one holds nothing.
  round(1.0 * b.bytes / nullif(a.bytes, 0), 3) AS ratio
FROM peak_by_category AS a JOIN other.peak_by_category AS b ON b.category = a.category;

-- The tokens of branch 0 in both runs, as far as the longer goes.
CREATE VIEW token_differences AS
WITH
  -- Every place that one of them has.
  places AS (
    SELECT sequence, position FROM main.token WHERE branch = 0
    UNION SELECT sequence, position FROM other.token WHERE branch = 0)
SELECT
  -- The sequence of the batch.
  p.sequence AS sequence,
  -- The position, counting from 0.
  p.position AS position,
  -- The text of the token in this run, or NULL.
  a.text AS text,
  -- The text of the token in the other run, or NULL.
  b.text AS other_text,
  -- 1 where it is the same token, else 0.
  coalesce(a.id = b.id, 0) AS same,
  -- Natural logarithm of its probability in this run, or NULL.
  a.logprob AS logprob,
  -- Natural logarithm of its probability in the other run, or NULL.
  b.logprob AS other_logprob
FROM places AS p
  LEFT JOIN main.token AS a
    ON a.branch = 0 AND a.sequence = p.sequence AND a.position = p.position
  LEFT JOIN other.token AS b
    ON b.branch = 0 AND b.sequence = p.sequence AND b.position = p.position
ORDER BY p.sequence, p.position;
