extension Command {
  /// Commands that explain numbers.
  static let numbers: [Command] = [
    Command(
      name: "print", aliases: ["p"], arguments: "[/FORMAT] EXPRESSION", chapter: .looking,
      summary:
        "Show what stands here, values and weights, and what is computed of them",
      help: """
        event, op, tile, tensor, matmul, token, pass, mem and kv are what stands at this step; a
        dot and a field shows one figure: "print tile.rows". So do step, and peak, the most bytes
        alive so far. The name of an operation of this pass or of a weight tensor shows what the
        trace says of it, and a slice of it its values:

          print ffn_norm-3[0..8]          the first eight of the last token
          print ffn_norm-3[2, 0..8]       those of row 2, the third token
          print ffn_norm-3[5]@4           four from the sixth on
          print Qcur-3[head=2, 0..8]      of one head; token=1 names the row
          print kq-3[head=2, token=1]     scores of a token with every position
          print l_out-3[sequence=0, 0..8]   where a pass has several sequences
          print blk.0.attn_q.weight[3, 0..8]   weights, dequantized

        Of a pass with several sequences the last row is the last sequence's, and a line says so;
        "sequence=S" chooses another, whose tokens then count from 0.

        Values that the trace did not capture are recomputed from the model file, where that is the
        one recorded, and a line says so; ^C ends that.

        sum, norm, mean, min, max and rms of values, and dot, cosine and maxdiff of two, are
        figures; they can be added, subtracted, multiplied and divided, as fields and sizes can:
        "print tile.bytes / tile.packed_bytes", "print mem.live - 1.5MiB",
        "print norm(l_out-3) / norm(ffn_inp-3)".

        FORMAT is a letter, as in gdb: x hexadecimal, of real numbers their bits (float32 of
        values: "print/x ffn_norm-3[0..8]"), t the same in binary, d whole, f without an exponent,
        e with one.
        """,
      example: "print norm(ffn_gate-0[0..8])", completes: .expressions,
      action: { session, arguments in try session.printExpression(arguments) }),
    Command(
      name: "whatis", arguments: "EXPRESSION", chapter: .looking,
      summary: "Show type, shape and origin of an expression, without its values",
      help: """
        Of an operation: what it was computed of, where in the trace, and whether its values were
        captured. Of a weight tensor: its blocks, and where it lies in the model file.
        """,
      example: "whatis ffn_gate-0", completes: .expressions,
      action: { session, arguments in
        guard !arguments.isEmpty else {
          throw DebuggerError.missingArgument(command: "whatis", expected: "an expression")
        }
        try session.whatIs(arguments)
      }),
    Command(
      name: "x", arguments: "[/FORMAT] [TENSOR]", chapter: .looking,
      summary: "Examine packed weights: bytes, dequantized values or whole blocks",
      help: """
        FORMAT is a count, a letter and a size, as in gdb. Letters: x hexadecimal, d signed, u
        unsigned, o octal, t binary, c character, f dequantized values. Sizes: b 1 byte, h 2, w 4,
        g 8, little-endian. "block" instead of both lays whole blocks open: scale, minimum, what
        is stored of each weight and what it becomes. Addresses are bytes of the model file, and
        in angles bytes of the tensor.

          x/32xb blk.0.attn_q.weight          32 bytes from the tensor's first
          x/1block blk.0.attn_q.weight[row=3]  the first block of row 3
          x/4f blk.0.attn_q.weight[3, 64]     four values from column 64 of row 3

        Without a tensor it begins at the tile here. An empty line, or "x" alone, goes on.
        """,
      example: "x/16xb blk.0.ffn_gate.weight", repetition: .goingOn, completes: .tensors,
      action: { session, arguments in try session.examine(arguments) }),
    Command(
      name: "why", arguments: "[N] VALUE", chapter: .looking,
      summary: "Show the terms that made a number, down to the nibbles",
      help: """
        VALUE is one value of an operation of this pass, or the logit of a token by its number or
        its text:

          why ffn_gate-0[37]                of the last token
          why ffn_gate-0[2, 37]             of row 2
          why kq-0[head=2, token=1, 5]      what a token gives a position
          why logit 42
          why logit " fox"
          why logit 42 sequence=0           of several sequences, not the last
          why 3 ffn_gate-0[37]              the three largest terms

        The terms of a sum are shown largest first, ten or N of them, then what the others come to
        and the command that shows those too.
        A weight is followed to its block in the model file: what is stored of it and where, its
        scale and minimum, and the value that the strategy multiplied. Whatever is computed is
        computed of the figures shown, in double precision, so that you can do it again; an arrow
        rounds to the float type behind it. The run's value differs by the rounding of float32, and
        the last line says by how much.

        With `nibble step --original FILE`, the same model in F32, F16 or BF16, each term is shown
        with the weight as it was before it was quantized, and what int4 changed in the sum.
        """,
      example: "why ffn_gate-0[37]", completes: .values,
      action: { session, arguments in try session.why(arguments) }),
    Command(
      name: "top", arguments: "[N] [sequence=S]", chapter: .looking,
      summary: "Show the likeliest next tokens here, and after this layer",
      help: """
        The distribution of the token that follows this pass's last one: as the trace has it, or
        from captured or recomputed logits where more is asked for. An arrow marks the token that
        the run went on with. Of several sequences it is the last one's, as for print and why, and
        "top sequence=0" that of another. In a layer, the logit lens follows: the residual stream after this
        layer taken through the last norm and the output matrix, as if no other layer followed.
        """,
      example: "top 5",
      action: { session, arguments in try session.top(arguments) }),
  ]
}
