-- The tables of a trace. A comment stands above every table and every column: what one row is,
-- what each value means, and its unit. Sizes are bytes, times nanoseconds, steps count from 1.
-- Names that start with an underscore are how rows lie in the file; ask the views instead.
--
-- Lines with $category are repeated for each category of memory.
--
-- Stored views are in the part of SQL that SQLite and DuckDB read alike. DuckDB attaches a trace
-- and runs its views itself, after its own parser and binder: it does not see generated columns,
-- its / of whole numbers is not whole, max and min take one argument, GROUP BY has to name every
-- column, IS compares with NULL alone, and INTEGER has 32 bits (BIGINT is whole in both). A view
-- that it cannot bind is sent back to SQLite as text that SQLite does not know (count_star()), and
-- one such view breaks SHOW ALL TABLES; all its values become text.

-- What the run was: one fact a row, as text.
CREATE TABLE meta (
  -- The name of the fact: status, error, nibble_version, model, prompt, strategy, tile_rows,
  -- threads…
  key TEXT PRIMARY KEY,
  -- The fact. `status` is recording, complete, interrupted by ^C, failed where the memory budget
  -- ended the run, or error where anything else did, of which the fact `error` tells.
  value TEXT
) WITHOUT ROWID;

-- A weight tensor of the model file.
CREATE TABLE tensor (
  -- Its place in the model file, counting from 0.
  id INTEGER PRIMARY KEY,
  -- Its name in the model file: blk.3.attn_q.weight.
  name TEXT NOT NULL,
  -- The transformer layer it belongs to, counting from 0; NULL outside the layers.
  layer INTEGER,
  -- What it is for: attn_q, ffn_gate, token_embd…
  role TEXT NOT NULL,
  -- The format its values are packed in: q4_1, q8_0, f32…
  type TEXT NOT NULL,
  -- Rows (outputs).
  rows INTEGER NOT NULL,
  -- Columns (inputs): values in a row.
  cols INTEGER NOT NULL,
  -- Bytes, packed.
  bytes INTEGER NOT NULL,
  -- Where its first byte lies in the model file.
  file_offset INTEGER NOT NULL,
  -- Bits per weight.
  bpw REAL NOT NULL
);

-- A position of the text: one token that went in or came out.
CREATE TABLE token (
  -- The branch of the run that it is the first to have; `branch_token` has all of a branch.
  branch INTEGER NOT NULL,
  -- The sequence of the batch, 0 unless there were several.
  sequence INTEGER NOT NULL,
  -- Its position in the sequence, counting from 0.
  position INTEGER NOT NULL,
  -- Its id in the vocabulary.
  id INTEGER NOT NULL,
  -- The characters that it completes, control tokens by name; the texts join to the whole.
  text TEXT NOT NULL,
  -- 1 for a token of the prompt, 0 for one that followed it.
  is_prompt INTEGER NOT NULL,
  -- Natural logarithm of the probability that the model gave it, from the logits of the position
  -- before; NULL where those were not computed.
  logprob REAL,
  -- The likeliest tokens for this position, from the same logits: a JSON array of
  -- {"id": …, "text": …, "logprob": …}, likeliest first; NULL where logprob is.
  top_k TEXT,
  -- The pass that it went into; NULL for one that never went in (the last one chosen).
  pass INTEGER,
  -- 1 for a token that a person put in the place of the likeliest, else 0.
  is_forced INTEGER NOT NULL,
  PRIMARY KEY (branch, sequence, position)
) WITHOUT ROWID;

-- A branch of the run. Branch 0 is the run from its beginning; another goes on from where an
-- earlier one was taken back to, with another token or with other settings.
CREATE TABLE branch (
  -- Its number, in the order in which they began, counting from 0.
  id INTEGER PRIMARY KEY,
  -- The branch whose beginning it shares; NULL for branch 0.
  parent INTEGER,
  -- How many positions it shares with that, in the text and in the KV cache.
  position INTEGER NOT NULL,
  -- The step that was the last when the run was taken back; 0 for branch 0.
  step INTEGER NOT NULL
);

-- One forward call. A prompt that is split is several.
CREATE TABLE pass (
  -- Its number, counting from 1.
  id INTEGER PRIMARY KEY,
  -- The branch of the run, 0 unless it was taken back.
  branch INTEGER NOT NULL,
  -- The first of its sequences, 0 unless there were several.
  sequence INTEGER NOT NULL,
  -- prefill or decode.
  kind TEXT NOT NULL,
  -- The position of its first token in that sequence, counting from 0.
  first_position INTEGER NOT NULL,
  -- How many tokens went in.
  tokens INTEGER NOT NULL,
  -- Its first step.
  first_step INTEGER NOT NULL,
  -- Its last step.
  last_step INTEGER NOT NULL,
  -- Its first operation.
  first_op INTEGER NOT NULL,
  -- Its last operation.
  last_op INTEGER NOT NULL,
  -- When it began, in ns since the recording began; this and other times are NULL where nothing was
  -- timed.
  start_ns INTEGER,
  -- How long it took, in ns, or NULL.
  duration_ns INTEGER,
  -- 1, or 0 for a pass that was given up: the memory budget or a result that is not finite ended it
  -- or, in a live run, a person did. It may have ended before its first operation; its last
  -- operation is then the one before.
  -- A live run goes on after it, with a KV cache as it was before it.
  is_finished INTEGER NOT NULL,
  -- How many sequences it ran at once. The tokens of each follow each other; `token` has the pass
  -- of every one.
  sequences INTEGER NOT NULL,
  -- How packed weights got to a product: a name that `record --strategy` takes, such as tiled. NULL
  -- where nobody told.
  strategy TEXT,
  -- Rows of a tile; NULL for a strategy that makes no tiles of rows.
  tile_rows INTEGER,
  -- The type of the KV cache: f32, f16, q8_0 or q4_0.
  kv_type TEXT
);

-- Finds the pass of a step.
CREATE UNIQUE INDEX _pass_by_step ON pass (first_step);

-- Finds the pass of a token.
CREATE INDEX _pass_by_position ON pass (branch, sequence, first_position);

-- What is the same about an operation in every pass; read the view op.
CREATE TABLE _node (
  -- Its number, in order of appearance, counting from 1.
  id INTEGER PRIMARY KEY,
  -- The transformer layer, counting from 0; NULL before the first and after the last.
  layer INTEGER,
  -- Its name, as llama.cpp names it: attn_norm-3.
  name TEXT NOT NULL,
  -- What it does: mul_mat, rms_norm, rope…
  kind TEXT NOT NULL,
  -- The operations and weight tensors that it reads: a JSON array of names.
  inputs TEXT NOT NULL,
  -- The weight tensor that it multiplies or reads rows of, or NULL.
  tensor INTEGER,
  -- The numbers that it is computed with besides its inputs, as a JSON object, or NULL: heads,
  -- head_size, kv_heads; epsilon of a norm; base, layout (ggml's normal or neox), dimensions (where
  -- not all of a head are rotated) and factor (of linear scaling) of RoPE; scale and window of
  -- attention; cap and scale of a soft cap; scale of a scaling; experts_used of a token.
  attributes TEXT,
  -- The line of the source of the forward pass that calls it, or NULL.
  line INTEGER
);

-- An operation's run in one pass; read the view op.
CREATE TABLE _op (
  -- Its number in the run, counting from 1; those of a pass follow each other.
  id INTEGER PRIMARY KEY,
  -- The pass.
  pass INTEGER NOT NULL,
  -- What it is: a row of _node.
  node INTEGER NOT NULL,
  -- Rows of its output (tokens, or heads × tokens).
  rows INTEGER NOT NULL,
  -- Columns of its output.
  cols INTEGER NOT NULL,
  -- Its first step.
  first_step INTEGER NOT NULL,
  -- Its last step.
  last_step INTEGER NOT NULL,
  -- The first state of memory with the highest total of its steps: a row of _memory.
  peak INTEGER NOT NULL,
  -- When it began, in ns since the recording began, or NULL.
  start_ns INTEGER,
  -- How long it took, in ns, without what the recording of it took, or NULL.
  duration_ns INTEGER,
  -- Sum of its output.
  sum REAL,
  -- Least value of its output.
  min REAL,
  -- Greatest value of its output.
  max REAL,
  -- Root mean square of its output.
  rms REAL
);

-- A state of memory that some step led to, once however often it comes back; read the view event.
CREATE TABLE _memory (
  -- The step that first led to it.
  id INTEGER PRIMARY KEY,
  -- Bytes of $label alive.
  $category INTEGER NOT NULL,
  -- Bytes alive in all categories together.
  total INTEGER NOT NULL
);

-- A step of the finest grain; read the view event.
CREATE TABLE _event (
  -- Its number: 1, 2, 3… with no gaps, in the order in which things happened.
  step INTEGER PRIMARY KEY,
  -- The operation that it is part of, or NULL while loading and between operations.
  op INTEGER,
  -- The worker that did it, counting from 0.
  thread INTEGER NOT NULL,
  -- 0 dequantize, 1 multiply, 2 free, 3 alloc, 4 compute, 5 append, 6 fail.
  kind INTEGER NOT NULL,
  -- The state of memory after it: a row of _memory.
  memory INTEGER NOT NULL,
  -- How many steps ago the buffer or tile was made that it makes, reads, writes or frees: 0 where
  -- it makes it. NULL for compute and fail, and for a product of weights that are read where they
  -- lie.
  buffer INTEGER
);

-- A range of rows of a tensor that was dequantized as one, once a trace.
CREATE TABLE weight_tile (
  -- Its number, in order of appearance, counting from 1.
  id INTEGER PRIMARY KEY,
  -- The tensor.
  tensor INTEGER NOT NULL,
  -- Its first row in the tensor, counting from 0.
  first_row INTEGER NOT NULL,
  -- How many rows it has.
  rows INTEGER NOT NULL,
  -- Bytes of these rows, packed.
  packed_bytes INTEGER NOT NULL,
  -- Least of its dequantized values; the value columns are NULL where nothing but sizes was kept.
  value_min REAL,
  -- Greatest of its dequantized values.
  value_max REAL,
  -- Mean of its dequantized values.
  value_mean REAL,
  -- Root mean square of its dequantized values.
  value_rms REAL,
  -- Root mean square of what packing changed, where the unquantized tensor is known, or NULL.
  error_rms REAL,
  -- The largest change of one value by packing, where the unquantized tensor is known, or NULL.
  error_max REAL
);

-- The life of a dequantized tile; read the view tile.
CREATE TABLE _tile (
  -- The step at which it was made, which is also its number as a buffer.
  id INTEGER PRIMARY KEY,
  -- The rows that it holds: a row of weight_tile.
  weight_tile INTEGER NOT NULL,
  -- 0 for f32 values, 1 for f16.
  type_code INTEGER NOT NULL,
  -- Bytes, dequantized.
  bytes INTEGER NOT NULL,
  -- The step of the first product that read it, or NULL.
  used_step INTEGER,
  -- The step at which it was freed, or NULL while it is alive.
  freed_step INTEGER,
  -- How long dequantizing it took, in ns, or NULL.
  dequantize_ns INTEGER,
  -- The buffer that it lies in, which holds other tiles before it and after it and is counted in
  -- its place; NULL for a tile that is a buffer of its own.
  in_buffer INTEGER
);

-- A product of m tokens × k by n rows × k; read the view matmul.
CREATE TABLE _matmul (
  -- The step at which it was done; its event has the tile.
  step INTEGER PRIMARY KEY,
  -- The weight tensor.
  tensor INTEGER NOT NULL,
  -- The first row of the tensor; NULL where it is that of the tile.
  first_row INTEGER,
  -- Tokens.
  m INTEGER NOT NULL,
  -- Columns: values that are multiplied and summed for one result.
  k INTEGER NOT NULL,
  -- Rows of the weights.
  n INTEGER NOT NULL,
  -- How long it took, in ns, or NULL.
  duration_ns INTEGER
);

-- One position appended to the KV cache in one layer.
CREATE TABLE kv_append (
  -- The step at which it was done.
  step INTEGER PRIMARY KEY,
  -- The transformer layer, counting from 0.
  layer INTEGER NOT NULL,
  -- The position, counting from 0.
  position INTEGER NOT NULL,
  -- Bytes of its keys.
  key_bytes INTEGER NOT NULL,
  -- Bytes of its values.
  value_bytes INTEGER NOT NULL,
  -- Bytes of the cache in use after it, all layers and sequences together (not what is reserved).
  cache_bytes INTEGER NOT NULL,
  -- The sequence, 0 unless there were several.
  sequence INTEGER NOT NULL,
  -- Root mean square of what storing changed in its keys: what the type of the cache costs. NULL
  -- where nothing but sizes was kept.
  key_error_rms REAL,
  -- The same of its values.
  value_error_rms REAL,
  -- Root mean square of its keys, as computed.
  key_rms REAL,
  -- Root mean square of its values, as computed.
  value_rms REAL
);

-- What a buffer that is no tile is called; read the view buffer.
CREATE TABLE _label (
  -- Its number, in order of appearance, counting from 1.
  id INTEGER PRIMARY KEY,
  -- Memory category: weights, kv_cache… (the view event has a column for each).
  category TEXT NOT NULL,
  -- What the buffer holds.
  name TEXT NOT NULL
);

-- The life of a buffer that is no tile; read the view buffer.
CREATE TABLE _allocation (
  -- The step at which it was allocated.
  id INTEGER PRIMARY KEY,
  -- Its category and name: a row of _label.
  label INTEGER NOT NULL,
  -- Bytes.
  bytes INTEGER NOT NULL,
  -- The step at which it was freed, or NULL while it is alive.
  freed_step INTEGER
);

-- The buffers and tiles that outlive the pass they were made in; lets a reader find those alive at
-- a step without reading the whole trace.
CREATE TABLE _kept (
  -- The buffer.
  id INTEGER PRIMARY KEY
);

-- An allocation that would have passed the memory budget and was not made, which ended the pass or
-- what is done before the first. It ended the run too, unless a live run went on after it: one row
-- at most where the run was recorded at once.
CREATE TABLE failure (
  -- The step at which it was asked for.
  step INTEGER PRIMARY KEY,
  -- Memory category: weights, kv_cache… (the view event has a column for each).
  category TEXT NOT NULL,
  -- What it was to hold.
  name TEXT NOT NULL,
  -- Bytes that it asked for.
  bytes INTEGER NOT NULL,
  -- Bytes that were alive in all categories together.
  live INTEGER NOT NULL,
  -- Bytes that may be alive together.
  budget INTEGER NOT NULL
);

-- Which experts a router sent each row to, in models with a mixture of experts.
CREATE TABLE route (
  -- The pass.
  pass INTEGER NOT NULL,
  -- The operation of the router.
  op INTEGER NOT NULL,
  -- The row of the pass's activations: a token of it, counting from 0.
  row INTEGER NOT NULL,
  -- 0 for the row's first choice, 1 for its second…
  slot INTEGER NOT NULL,
  -- The expert, counting from 0.
  expert INTEGER NOT NULL,
  -- What its result is multiplied by.
  weight REAL NOT NULL,
  PRIMARY KEY (op, row, slot)
) WITHOUT ROWID;

-- The whole output of an operation, where values were captured.
CREATE TABLE value (
  -- The operation.
  op INTEGER PRIMARY KEY,
  -- What its elements are: f32, little-endian.
  dtype TEXT NOT NULL,
  -- Its shape, row-major: a JSON array [rows, cols].
  shape TEXT NOT NULL,
  -- The elements, row after row.
  data BLOB NOT NULL
);

-- One step of the finest grain, with what was alive after it.
CREATE VIEW event AS
SELECT
  -- Its number: 1, 2, 3… with no gaps, in the order in which things happened.
  e.step AS step,
  -- The operation that it is part of, or NULL while loading and between operations.
  e.op AS op,
  -- The worker that did it, counting from 0.
  e.thread AS thread,
  -- dequantize (a tile comes alive), multiply, free, alloc (any other buffer), compute (any other
  -- operation), append (to the KV cache) or fail (the memory budget).
  CASE e.kind
    WHEN 0 THEN 'dequantize' WHEN 1 THEN 'multiply' WHEN 2 THEN 'free' WHEN 3 THEN 'alloc'
    WHEN 4 THEN 'compute' WHEN 5 THEN 'append' WHEN 6 THEN 'fail' END AS kind,
  -- The buffer or tile that it makes (alloc, dequantize), reads (multiply), writes (append) or
  -- frees: the step that made it. NULL for compute and fail, and for a product of weights that are
  -- read where they lie.
  e.step - e.buffer AS buffer,
  -- Bytes of $label alive after it.
  m.$category AS $category,
  -- Bytes alive after it in all categories together.
  m.total AS live
FROM _event AS e LEFT JOIN _memory AS m ON m.id = e.memory;

-- One operation of one pass.
CREATE VIEW op AS
SELECT
  -- Its number in the run, counting from 1; those of a pass follow each other.
  o.id AS id,
  -- The pass.
  o.pass AS pass,
  -- The transformer layer, counting from 0; NULL before the first and after the last.
  n.layer AS layer,
  -- Its name, as llama.cpp names it without flash attention: attn_norm-3; unique in its pass.
  n.name AS name,
  -- What it does: mul_mat, rms_norm, rope…
  n.kind AS kind,
  -- The operations and weight tensors that it reads: a JSON array of names.
  n.inputs AS inputs,
  -- Rows of its output (tokens, or heads × tokens).
  o.rows AS rows,
  -- Columns of its output.
  o.cols AS cols,
  -- Its first step.
  o.first_step AS first_step,
  -- Its last step.
  o.last_step AS last_step,
  -- When it began, in ns since the recording began; NULL where nothing was timed.
  o.start_ns AS start_ns,
  -- How long it took, in ns, without what the recording of it took, or NULL.
  o.duration_ns AS duration_ns,
  -- Sum of its output, over all values; NULL where no statistics were kept or the sum is no number.
  o.sum AS sum,
  -- Least value of its output.
  o.min AS min,
  -- Greatest value of its output.
  o.max AS max,
  -- Mean of its output.
  o.sum / (o.rows * o.cols) AS mean,
  -- Root mean square of its output.
  o.rms AS rms,
  -- The weight tensor that it multiplies or reads rows of, or NULL.
  n.tensor AS tensor,
  -- The numbers that it is computed with besides its inputs, as a JSON object, or NULL: heads,
  -- head_size, kv_heads; epsilon of a norm; base, layout (ggml's normal or neox), dimensions (where
  -- not all of a head are rotated) and factor (of linear scaling) of RoPE; scale and window of
  -- attention; cap and scale of a soft cap; scale of a scaling; experts_used of a token.
  n.attributes AS attributes,
  -- The line of the source of the forward pass that calls it, or NULL.
  n.line AS line
FROM _op AS o LEFT JOIN _node AS n ON n.id = o.node;

-- The life of a dequantized tile: made, used, freed.
CREATE VIEW tile AS
SELECT
  -- The step at which it was made, which is also its number as a buffer.
  t.id AS id,
  -- The rows that it holds: a row of weight_tile.
  t.weight_tile AS weight_tile,
  -- 0 for f32 values, 1 for f16.
  t.type_code AS type_code,
  -- Bytes, dequantized.
  t.bytes AS bytes,
  -- The step of the first product that read it, or NULL.
  t.used_step AS used_step,
  -- The step at which it was freed, or NULL while it is alive.
  t.freed_step AS freed_step,
  -- How long dequantizing it took, in ns; NULL where that was not timed.
  t.dequantize_ns AS dequantize_ns,
  -- The buffer that it lies in, which holds other tiles before it and after it and is counted in
  -- its place; NULL for a tile that is a buffer of its own.
  t.in_buffer AS in_buffer,
  -- The step at which it was made.
  t.id AS made_step,
  -- What its values are: f16 or f32.
  CASE t.type_code WHEN 1 THEN 'f16' ELSE 'f32' END AS type
FROM _tile AS t;

-- A product of m tokens × k by n rows × k.
CREATE VIEW matmul AS
SELECT
  -- The step at which it was done.
  p.step AS step,
  -- The tile that it read, or NULL for weights that were multiplied where they lie.
  (SELECT e.step - e.buffer FROM _event AS e WHERE e.step = p.step) AS tile,
  -- The weight tensor.
  p.tensor AS tensor,
  -- The first row of the tensor; NULL where it is that of the tile.
  p.first_row AS first_row,
  -- Tokens.
  p.m AS m,
  -- Columns: values that are multiplied and summed for one result.
  p.k AS k,
  -- Rows of the weights.
  p.n AS n,
  -- How long it took, in ns; NULL where that was not timed.
  p.duration_ns AS duration_ns,
  -- Floating-point operations: a multiplication and an addition for each weight and token.
  2 * p.m * p.k * p.n AS flops
FROM _matmul AS p;

-- Every buffer that the engine took, tiles among them but those that lie in another. Those
-- alive after step S are WHERE allocated_step <= S AND (freed_step IS NULL OR freed_step > S).
CREATE VIEW buffer AS
SELECT
  -- Its number: the step at which it was allocated.
  a.id AS id,
  -- Memory category: weights, kv_cache… (the view event has a column for each).
  l.category AS category,
  -- What it holds.
  l.name AS name,
  -- Bytes.
  a.bytes AS bytes,
  -- The step at which it was allocated.
  a.id AS allocated_step,
  -- The step at which it was freed, or NULL while it is alive.
  a.freed_step AS freed_step,
  -- The tile that it is, or NULL.
  NULL AS tile
FROM _allocation AS a LEFT JOIN _label AS l ON l.id = a.label
UNION ALL
SELECT
  t.id,
  'weights_dequantized',
  s.name || ' rows ' || w.first_row || '..<' || (w.first_row + w.rows),
  t.bytes,
  t.id,
  t.freed_step,
  t.id
FROM _tile AS t
  LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
  LEFT JOIN tensor AS s ON s.id = w.tensor
WHERE t.in_buffer IS NULL;
