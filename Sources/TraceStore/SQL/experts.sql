-- Experts: which of them the routers woke, and what that read. Empty for a model without any.

-- A product with rows of one expert's matrix. The matrices of a layer's experts follow one another
-- in a tensor, each with as many rows as the operation's output has columns.
CREATE VIEW _expert_product AS
SELECT
  -- The step at which it was done.
  p.step AS step,
  -- The operation.
  o.id AS op,
  -- The pass.
  o.pass AS pass,
  -- The transformer layer, counting from 0.
  n.layer AS layer,
  -- The expert, counting from 0.
  CAST((p.first_row - p.first_row % o.cols) / o.cols AS BIGINT) AS expert,
  -- The weight tensor.
  p.tensor AS tensor,
  -- How many of its rows.
  p.n AS rows
FROM _node AS n
  JOIN _op AS o ON o.node = n.id
  CROSS JOIN _matmul_rows AS p
WHERE n.kind = 'mul_mat_id' AND p.step BETWEEN o.first_step AND o.last_step;

-- The router of each layer, with how many experts it chooses from: the columns of the logits that
-- it reads.
CREATE VIEW _router AS
SELECT
  -- The transformer layer, counting from 0.
  n.layer AS layer,
  -- Experts.
  max(l.cols) AS experts
FROM _node AS n
  JOIN _node AS m ON n.inputs = '["' || m.name || '"]'
  JOIN _op AS l ON l.node = m.id
WHERE n.kind = 'route' GROUP BY n.layer;

-- Each expert of each layer: how much of the run went through it. One that no token was sent to has
-- zeros.
CREATE VIEW expert_use AS
WITH RECURSIVE
  -- All of them. A damaged trace does not make them endless.
  every(layer, experts, expert) AS (
    SELECT layer, experts, 0 FROM _router WHERE experts > 0
    UNION ALL
    SELECT layer, experts, expert + 1 FROM every WHERE expert + 1 < experts AND expert < 65535),
  -- Choices of the routers by expert.
  chosen AS (
    SELECT n.layer AS layer, r.expert AS expert, count(*) AS tokens,
      count(DISTINCT o.pass) AS passes
    FROM _node AS n JOIN _op AS o ON o.node = n.id JOIN route AS r ON r.op = o.id
    WHERE n.kind = 'route' GROUP BY n.layer, r.expert),
  -- Rows that products read, by expert and tensor.
  reading AS (
    SELECT layer, expert, tensor, sum(rows) AS rows FROM _expert_product
    GROUP BY layer, expert, tensor),
  -- Bytes of them.
  used AS (
    SELECT r.layer AS layer, r.expert AS expert,
      sum(CAST((s.bytes * r.rows - s.bytes * r.rows % s.rows) / s.rows AS BIGINT)) AS bytes
    FROM reading AS r JOIN tensor AS s ON s.id = r.tensor GROUP BY r.layer, r.expert)
SELECT
  -- The transformer layer, counting from 0.
  e.layer AS layer,
  -- The expert, counting from 0.
  e.expert AS expert,
  -- How many tokens were sent to it, over all passes.
  coalesce(c.tokens, 0) AS tokens,
  -- In how many passes any was.
  coalesce(c.passes, 0) AS passes,
  -- Bytes of its weights, packed, that products were computed with, added up over the run: in a
  -- pass its matrices are read once for all its tokens. A strategy that dequantizes them early
  -- counts the same.
  coalesce(u.bytes, 0) AS bytes
FROM every AS e
  LEFT JOIN chosen AS c ON c.layer = e.layer AND c.expert = e.expert
  LEFT JOIN used AS u ON u.layer = e.layer AND u.expert = e.expert
ORDER BY e.layer, e.expert;
