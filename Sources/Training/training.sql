-- What training one layer of a model did and took: the tables that `train` writes. Sizes are bytes,
-- and all of them are the memory ledger's own. Steps count from 1.

-- One training of the layer, from the same weights and with the same task each time; or, under the
-- method `inference`, one forward pass of it.
CREATE TABLE training_run (
  -- Its number, counting from 1.
  id INTEGER PRIMARY KEY,
  -- How the weights were held: int4 (packed, and quantized again after every step), master (int4
  -- for the products, float32 for the updates), float32 (no int4 at all), lora (packed int4 that
  -- stays as it is, with small float32 adapters that learn) or inference.
  method TEXT NOT NULL,
  -- sgd or adam; NULL for inference.
  optimizer TEXT,
  -- What the optimizer multiplies a step by; NULL for inference.
  learning_rate REAL,
  -- The weight tensor: blk.0.attn_output.weight.
  tensor TEXT NOT NULL,
  -- The int4 format of the packed weights: q4_0, q4_1 or q4_k.
  type TEXT NOT NULL,
  -- Rows of the weights (outputs).
  rows INTEGER NOT NULL,
  -- Columns of the weights (inputs).
  cols INTEGER NOT NULL,
  -- Tokens whose inputs the layer was given at every step.
  tokens INTEGER NOT NULL,
  -- Numbers that the optimizer may change: all weights, or those of the adapters; 0 for inference.
  trained INTEGER NOT NULL,
  -- Half the distance between two neighbouring values that a weight can have in int4, on average
  -- over all weights: an update that is smaller does not change it.
  half_step REAL NOT NULL,
  -- Loss before the first step.
  first_loss REAL,
  -- Loss after the last step.
  final_loss REAL,
  -- Tiles dequantized by all forward passes together.
  forward_tiles INTEGER NOT NULL,
  -- Tiles dequantized by all backward passes together.
  backward_tiles INTEGER NOT NULL,
  -- The most bytes that were alive together.
  peak_bytes INTEGER NOT NULL
);

-- One step of a training: forward, backward, update.
CREATE TABLE training_step (
  -- The training: training_run.id.
  run INTEGER NOT NULL,
  -- The step, counting from 1.
  step INTEGER NOT NULL,
  -- Mean squared error of the layer's output before the update; NULL where it passed all bounds.
  loss REAL,
  -- Updates that the optimizer asked for: numbers it wanted to change, by however little.
  updates INTEGER NOT NULL,
  -- Updates after which the number was what it was before.
  lost_updates INTEGER NOT NULL,
  -- Packed int4 weights whose four bits are others than before.
  changed_nibbles INTEGER NOT NULL,
  -- Root mean square of the updates.
  update_rms REAL,
  -- The largest update, without its sign.
  update_max REAL,
  PRIMARY KEY (run, step)
) WITHOUT ROWID;

-- What was alive at the moment at which a training held most.
CREATE TABLE training_memory (
  -- The training: training_run.id.
  run INTEGER NOT NULL,
  -- packed_weights, float_weights, adapters, gradients, optimizer_state, activations (inputs kept
  -- for the backward pass, outputs, and the gradients of both), dequantized_tile, targets (what the
  -- output should be) or workspace (the grid's scales, transposed matrices).
  category TEXT NOT NULL,
  -- Bytes.
  bytes INTEGER NOT NULL,
  PRIMARY KEY (run, category)
) WITHOUT ROWID;

-- One row a training: what came of it.
CREATE VIEW training_summary AS
SELECT
  -- The training: training_run.id.
  r.id AS run,
  -- How the weights were held: int4, master, float32 or lora.
  r.method AS method,
  -- sgd or adam.
  r.optimizer AS optimizer,
  -- Loss after the last step, in percent of that before the first.
  round(100.0 * r.final_loss / r.first_loss, 1) AS loss_percent,
  -- Updates that the optimizer asked for, in all steps.
  sum(s.updates) AS updates,
  -- Share of the updates after which the number was what it was before, in percent.
  round(100.0 * sum(s.lost_updates) / nullif(sum(s.updates), 0), 2) AS lost_percent,
  -- Changes of a nibble, in all steps.
  sum(s.changed_nibbles) AS changed_nibbles,
  -- The most bytes that were alive together.
  r.peak_bytes AS peak_bytes
FROM training_run AS r JOIN training_step AS s ON s.run = r.id
GROUP BY r.id;
