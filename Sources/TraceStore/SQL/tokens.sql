-- Tokens and passes: what went in, what came out, and what it took.

-- All tokens of each branch: those of the beginning that it shares, and its own.
CREATE VIEW branch_token AS
WITH RECURSIVE
  -- A branch and those that it comes from, each with the number of positions that it takes from it.
  line(branch, own, positions) AS (
    SELECT id, id, 9007199254740992 FROM branch
    UNION ALL
    SELECT l.branch, b.parent,
      CASE WHEN l.positions < b.position THEN l.positions ELSE b.position END
    FROM line AS l JOIN branch AS b ON b.id = l.own WHERE b.parent < b.id)
SELECT
  -- The branch.
  l.branch AS branch,
  -- The branch that was the first to have the token: a row of token with the columns that follow.
  t.branch AS own_branch,
  -- The sequence of the batch.
  t.sequence AS sequence,
  -- Its position, counting from 0.
  t.position AS position,
  -- Its id in the vocabulary.
  t.id AS id,
  -- Its text.
  t.text AS text,
  -- 1 for a token of the prompt, 0 for one that followed it.
  t.is_prompt AS is_prompt,
  -- Natural logarithm of the probability that the model gave it, or NULL.
  t.logprob AS logprob,
  -- The likeliest tokens for this position, or NULL.
  t.top_k AS top_k,
  -- The pass that it went into, or NULL for one that never went in.
  t.pass AS pass,
  -- 1 for a token that a person put in the place of the likeliest, else 0.
  t.is_forced AS is_forced
FROM line AS l JOIN token AS t ON t.branch = l.own AND t.position < l.positions;

-- Each token, with its place among the likeliest and the pass that it went into.
CREATE VIEW token_summary AS
SELECT
  -- The branch of the run that was the first to have it.
  t.branch AS branch,
  -- The sequence of the batch.
  t.sequence AS sequence,
  -- Its position, counting from 0.
  t.position AS position,
  -- Its id in the vocabulary.
  t.id AS id,
  -- Its text.
  t.text AS text,
  -- 1 for a token of the prompt, 0 for one that followed it.
  t.is_prompt AS is_prompt,
  -- 1 for a token that a person put in the place of the likeliest, else 0.
  t.is_forced AS is_forced,
  -- Natural logarithm of the probability that the model gave it, or NULL.
  t.logprob AS logprob,
  -- Its place among the likeliest tokens, 1 for the likeliest; NULL where it is not among those
  -- kept.
  (SELECT CAST(c.key AS BIGINT) + 1 FROM json_each(t.top_k) AS c
    WHERE CAST(json_extract(c.value, '$.id') AS BIGINT) = t.id) AS rank,
  -- The pass that it went into, or NULL for one that never went in.
  t.pass AS pass,
  -- prefill or decode, or NULL.
  p.kind AS pass_kind,
  -- How long that pass took, in ns, or NULL.
  p.duration_ns AS pass_ns,
  -- The probability that the model gave it, 0 to 1, or NULL. Not every SQLite has exp: this is
  -- (1 + x + x² / 2 + x³ / 6) ^ 65536 with x = logprob / 65536, right to 6 places.
  (WITH RECURSIVE
      small(x) AS (
        SELECT CASE WHEN t.logprob < -700.0 THEN -700.0 ELSE t.logprob END / 65536),
      squared(n, value) AS (
        SELECT 0, 1 + x * (1 + x / 2 * (1 + x / 3)) FROM small
        UNION ALL SELECT n + 1, value * value FROM squared WHERE n < 16)
    SELECT round(value, 6) FROM squared WHERE n = 16) AS probability
FROM token AS t LEFT JOIN pass AS p ON p.id = t.pass
ORDER BY t.branch, t.sequence, t.position;

-- Each pass: work, memory and time.
CREATE VIEW pass_summary AS
SELECT
  -- The pass.
  p.id AS pass,
  -- The branch of the run, 0 unless it was taken back.
  p.branch AS branch,
  -- prefill or decode.
  p.kind AS kind,
  -- How packed weights got to a product, or NULL where nobody told.
  p.strategy AS strategy,
  -- Rows of a tile; NULL for a strategy that makes no tiles of rows.
  p.tile_rows AS tile_rows,
  -- The type of the KV cache.
  p.kv_type AS kv_type,
  -- 1, or 0 for a pass that was given up.
  p.is_finished AS is_finished,
  -- The position of its first token in its first sequence, counting from 0.
  p.first_position AS first_position,
  -- How many tokens went in.
  p.tokens AS tokens,
  -- How many sequences they are of.
  p.sequences AS sequences,
  -- How many steps it took.
  p.last_step - p.first_step + 1 AS steps,
  -- How many operations it ran.
  p.last_op - p.first_op + 1 AS ops,
  -- How many tiles it made.
  (SELECT count(*) FROM _tile AS t
    WHERE t.id BETWEEN p.first_step AND p.last_step) AS tiles,
  -- Bytes of these tiles, added up.
  (SELECT coalesce(sum(t.bytes), 0) FROM _tile AS t
    WHERE t.id BETWEEN p.first_step AND p.last_step) AS dequantized,
  -- Floating-point operations of its products.
  (SELECT coalesce(sum(2 * m.m * m.k * m.n), 0) FROM _matmul AS m
    WHERE m.step BETWEEN p.first_step AND p.last_step) AS flops,
  -- The highest total of live bytes during one of its operations.
  (SELECT max(m.total) FROM _op AS o JOIN _memory AS m ON m.id = o.peak
    WHERE o.id BETWEEN p.first_op AND p.last_op) AS peak,
  -- How long it took, in ns.
  p.duration_ns AS duration_ns,
  -- Tokens a second.
  round(1e9 * p.tokens / nullif(p.duration_ns, 0), 2) AS tokens_per_s
FROM pass AS p ORDER BY p.id;
