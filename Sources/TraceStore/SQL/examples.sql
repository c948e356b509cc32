-- Questions that people ask of a trace: what `.examples` lists. Each is a comment and a statement.

-- Does dequantizing blow up memory? Bytes made in all, beside the most alive at once.
SELECT mib(dequantized) AS made_mib, mib(live_at_most) AS alive_at_most_mib,
  mib(whole_model) AS all_at_once_mib, tiles
FROM dequantization_summary;

-- Who holds the memory at the peak?
SELECT category, bytes, at_peak, at_peak_percent FROM peak_by_category;

-- Which buffers are alive at the peak?
SELECT name, category, bytes, percent FROM peak_buffers LIMIT 10;

-- Who holds the memory in prefill, and who in decode?
SELECT pass_kind, category, bytes, at_peak_percent FROM peak_by_pass_kind;

-- How does live memory go, step by step?
SELECT step, kind, op_name, weights_dequantized, total FROM memory_timeline LIMIT 20;

-- How does memory grow with the context?
SELECT pass, kind, positions, cache_bytes, cache_bytes_per_token, peak_without_weights
FROM memory_per_token;

-- Bytes dequantized so far beside bytes alive: the first tiles.
SELECT step, dequantized, live FROM dequantized_so_far LIMIT 12;

-- How long does a tile live, in steps?
SELECT lifetime, count(*) AS tiles, max(bytes) AS largest FROM tile_lifetime GROUP BY lifetime;

-- What does each layer cost?
SELECT layer, packed, dequantized, flops, duration_ns, percent FROM layer_summary;

-- Which weight tensors take the most time?
SELECT name, type, packed, dequantized, flops, percent
FROM tensor_summary ORDER BY percent DESC LIMIT 10;

-- Which operations of the model take the most time over the run?
SELECT name, kind, runs, dequantized, flops, duration_ns, percent
FROM op_summary ORDER BY duration_ns DESC LIMIT 10;

-- Which single operations were the slowest?
SELECT op, pass, name, kind, duration_ns, percent FROM slowest_ops LIMIT 10;

-- Which kinds of operation take the time?
SELECT kind, ops, duration_ns, percent FROM op_kind_summary;

-- What does the KV cache take, position by position?
SELECT position, layers, key_bytes, value_bytes, cache_bytes FROM kv_growth LIMIT 12;

-- What does each layer keep in the KV cache?
SELECT layer, positions, key_bytes, value_bytes, bytes_per_position FROM kv_by_layer;

-- How many bytes of weights did each pass move?
SELECT pass, sum(packed_read) AS packed_read, sum(dequantized_written) AS written,
  sum(dequantized_read) AS read, sum(bytes) AS bytes
FROM bytes_moved GROUP BY pass;

-- In which range are the values of each operation?
SELECT name, round(min, 3) AS min, round(max, 3) AS max, round(mean, 4) AS mean,
  round(max_rms, 3) AS max_rms
FROM value_ranges ORDER BY value_ranges.max_rms DESC LIMIT 10;

-- Which tokens came, how likely were they, and at which rank?
SELECT position, text, is_prompt, probability, rank FROM token_summary;

-- Which experts did the tokens wake most, and which never? Needs a model with experts.
SELECT layer, expert, tokens, passes, mib(bytes) AS read_mib FROM expert_use
ORDER BY tokens DESC, layer, expert LIMIT 10;

-- What is the first weight of the embedding, and what is it made of? Reads the model file.
SELECT tensor_value(name, 0, 0) AS weight, tensor_nibble(name, 0, 0) AS nibble,
  tensor_scale(name, 0, 0) AS scale, tensor_minimum(name, 0, 0) AS minimum,
  tensor_offset(name, 0, 0) AS byte
FROM tensor WHERE role = 'token_embd';

-- How long are the vectors that each layer adds to? Needs a trace with captured values.
SELECT o.pass, o.name, round(vec_norm(v.data), 3) AS norm
FROM op AS o JOIN value AS v ON v.op = o.id WHERE o.name LIKE 'ffn_inp-%' LIMIT 12;

-- Two traces: by how much does each operation differ?
SELECT op, name, round(statistics_difference, 6) AS statistics,
  round(value_difference, 6) AS by_value, round(cosine, 9) AS cosine,
  round(difference, 6) AS difference
FROM op_differences ORDER BY op_differences.difference DESC LIMIT 10;

-- Two traces: which is the first operation that differs by more than a tolerance?
SELECT tolerance, op, pass, name, round(difference, 9) AS difference FROM first_difference;

-- Two traces: what does each hold at most?
SELECT category, bytes, other_bytes, difference, ratio FROM peak_differences;

-- Two traces: which tokens differ?
SELECT position, text, other_text, logprob, other_logprob FROM token_differences WHERE same = 0;
