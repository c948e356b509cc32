-- The KV cache: what each position and each layer adds to it.

-- Appends with the pass that they were made in. One that was given up is left out: what it appended
-- did not stay.
CREATE VIEW _kept_append AS
SELECT
  -- The step.
  k.step AS step,
  -- The transformer layer, counting from 0.
  k.layer AS layer,
  -- The sequence, 0 unless there were several.
  k.sequence AS sequence,
  -- The position, counting from 0.
  k.position AS position,
  -- Bytes of its keys.
  k.key_bytes AS key_bytes,
  -- Bytes of its values.
  k.value_bytes AS value_bytes,
  -- Bytes of the cache in use after it.
  k.cache_bytes AS cache_bytes,
  -- Root mean square of what storing changed in its keys, or NULL.
  k.key_error_rms AS key_error_rms,
  -- The same of its values.
  k.value_error_rms AS value_error_rms,
  -- Root mean square of its keys, or NULL.
  k.key_rms AS key_rms,
  -- Root mean square of its values, or NULL.
  k.value_rms AS value_rms,
  -- The state of memory after it: a row of _memory.
  e.memory AS memory,
  -- The pass.
  p.id AS pass,
  -- The branch of the pass.
  p.branch AS branch,
  -- The type of the cache: f32, f16, q8_0 or q4_0.
  coalesce(p.kv_type, (SELECT value FROM meta WHERE key = 'kv_type')) AS kv_type
FROM kv_append AS k
  JOIN _event AS e ON e.step = k.step
  JOIN _op AS o ON o.id = e.op
  JOIN pass AS p ON p.id = o.pass
WHERE p.is_finished;

-- One row a position of a sequence: what it added, and the cache after it. A branch has the
-- positions that it appended itself; those that it shares are its parent's.
CREATE VIEW kv_growth AS
SELECT
  -- The branch that appended it, 0 unless the run was taken back.
  k.branch AS branch,
  -- The sequence, 0 unless there were several.
  k.sequence AS sequence,
  -- The position, counting from 0.
  k.position AS position,
  -- How many layers appended it.
  count(*) AS layers,
  -- Bytes of its keys, all layers together.
  sum(k.key_bytes) AS key_bytes,
  -- Bytes of its values, all layers together.
  sum(k.value_bytes) AS value_bytes,
  -- Bytes of the cache in use when its last layer had appended it, all sequences together.
  max(k.cache_bytes) AS cache_bytes,
  -- Bytes of KV cache that were reserved then: whole blocks of positions.
  max(m.kv_cache) AS reserved_bytes,
  -- The step at which its last layer appended it.
  max(k.step) AS last_step
FROM _kept_append AS k LEFT JOIN _memory AS m ON m.id = k.memory
GROUP BY k.branch, k.sequence, k.position ORDER BY k.branch, k.sequence, k.position;

-- One row a position and layer: what one token leaves in one layer of the cache.
CREATE VIEW kv_by_position AS
SELECT
  -- The branch that appended it, 0 unless the run was taken back.
  k.branch AS branch,
  -- The sequence, 0 unless there were several.
  k.sequence AS sequence,
  -- The position, counting from 0.
  k.position AS position,
  -- The transformer layer, counting from 0.
  k.layer AS layer,
  -- Bytes of its keys.
  k.key_bytes AS key_bytes,
  -- Bytes of its values.
  k.value_bytes AS value_bytes,
  -- Bytes of the cache in use after it, all layers and sequences together.
  k.cache_bytes AS cache_bytes,
  -- The type of the cache: f32, f16, q8_0 or q4_0.
  k.kv_type AS kv_type,
  -- The step at which it was appended.
  k.step AS step
FROM _kept_append AS k ORDER BY k.step;

-- One row a layer and branch: what it added to the KV cache.
CREATE VIEW kv_by_layer AS
SELECT
  -- The branch that appended it, 0 unless the run was taken back.
  branch AS branch,
  -- The transformer layer, counting from 0.
  layer AS layer,
  -- How many positions it appended, all sequences together.
  count(*) AS positions,
  -- Bytes of their keys.
  sum(key_bytes) AS key_bytes,
  -- Bytes of their values.
  sum(value_bytes) AS value_bytes,
  -- Bytes of keys and values for one position, on average.
  CAST(
    (sum(key_bytes + value_bytes) - sum(key_bytes + value_bytes) % count(*)) / count(*)
    AS BIGINT) AS bytes_per_position
FROM _kept_append GROUP BY branch, layer ORDER BY branch, layer;

-- One row a layer and type: what storing keys and values in the cache's type changed, all positions
-- together. NULL where nothing but sizes was kept.
CREATE VIEW kv_error AS
SELECT
  -- The transformer layer, counting from 0.
  layer AS layer,
  -- The type of the cache: f32, f16, q8_0 or q4_0.
  kv_type AS kv_type,
  -- Bytes of keys and values for one position.
  CAST(
    (sum(key_bytes + value_bytes) - sum(key_bytes + value_bytes) % count(*)) / count(*)
    AS BIGINT) AS bytes_per_position,
  -- Mean of the squared changes of its keys: the square of their root mean square.
  avg(key_error_rms * key_error_rms) AS key_error_squared,
  -- The same in percent of the mean square of the keys themselves.
  100.0 * sum(key_error_rms * key_error_rms) / nullif(sum(key_rms * key_rms), 0)
    AS key_error_percent,
  -- Mean of the squared changes of its values.
  avg(value_error_rms * value_error_rms) AS value_error_squared,
  -- The same in percent of the mean square of the values themselves.
  100.0 * sum(value_error_rms * value_error_rms) / nullif(sum(value_rms * value_rms), 0)
    AS value_error_percent
FROM _kept_append GROUP BY layer, kv_type ORDER BY layer, kv_type;
