import Events
import TraceStore

extension DebuggerSession {
  /// What an expression comes to at this step.
  ///
  /// - Throws: `DebuggerError`, and what reading the trace or the model file throws.
  func evaluate(_ expression: String) throws -> ExpressionValue {
    var notes: [String] = []
    return try evaluate(Expression(expression), notes: &notes)
  }

  /// - Parameter notes: what there is to say of values that went into the result.
  func evaluate(_ expression: Expression, notes: inout [String]) throws -> ExpressionValue {
    switch expression {
    case .number(let value): return .figure(value)
    case .name(let name, let slice): return try value(of: name, slice, isOperand: false)
    case .negated(let inner):
      let value = try operand(inner, notes: &notes)
      return .figure(try combine(.integer(-1), .times, value))
    case .arithmetic(let left, let operation, let right):
      let (a, b) = (try operand(left, notes: &notes), try operand(right, notes: &notes))
      return .figure(try combine(a, operation, b))
    case .call(let name, let arguments):
      let function = try ArrayFunction.named(name)
      guard arguments.count == function.parameters else {
        throw DebuggerError.badArgument(
          command: "\(name)()", found: "\(arguments.count) arguments",
          expected: function.parameters == 1 ? "one argument" : "two arguments")
      }
      let arrays = try arguments.map { try array($0, of: name, notes: &notes) }
      if arrays.count == 2, arrays[0].count != arrays[1].count {
        throw DebuggerError.notANumber(
          name: "\(name)(…)",
          reason: "it takes as many values on both sides, and there are \(arrays[0].count) and "
            + "\(arrays[1].count)")
      }
      guard arrays.allSatisfy({ !$0.isEmpty }) else {
        throw DebuggerError.notANumber(name: "\(name)(…)", reason: "there are no values in it")
      }
      return .figure(.real(function.apply(arrays)))
    }
  }

  private func operand(_ expression: Expression, notes: inout [String]) throws -> FieldValue {
    let value: ExpressionValue
    if case .name(let name, let slice) = expression {
      value = try self.value(of: name, slice, isOperand: true)
    } else {
      value = try evaluate(expression, notes: &notes)
    }
    if case .array(let array) = value { add(array.notes, to: &notes) }
    return try value.number()
  }

  private func array(
    _ expression: Expression, of function: String, notes: inout [String]
  ) throws -> [Float] {
    guard case .name(let name, let slice) = expression,
      case .array(let array) = try value(of: name, slice, isOperand: true)
    else {
      throw DebuggerError.badArgument(
        command: "\(function)()", found: "a figure",
        expected: "values of an operation or a tensor, such as ffn_norm-3 or ffn_norm-3[0..8]")
    }
    add(array.notes, to: &notes)
    return array.values
  }

  private func add(_ more: [String], to notes: inout [String]) {
    for note in more where !notes.contains(note) { notes.append(note) }
  }

  /// What a name means.
  ///
  /// - Parameter isOperand: whether an operation or a tensor without a slice means its values, and not
  ///   what the trace says of it.
  private func value(
    of name: String, _ slice: Slice?, isOperand: Bool
  ) throws -> ExpressionValue {
    let (object, field) = Self.splitField(name)
    if slice == nil, let fields = try fields(of: object) {
      if let field {
        guard let found = fields.first(where: { $0.name == field }) else {
          throw DebuggerError.unknownField(object: object, field: field, known: fields.map(\.name))
        }
        return .figure(found.value)
      }
      if fields.count == 1, fields[0].name.isEmpty { return .figure(fields[0].value) }
      return .fields(of: object, fields)
    }
    if let op = try op(named: name) {
      if slice == nil && !isOperand {
        return .fields(of: name, try fields(of: .op, at: op.steps.lowerBound))
      }
      return .array(try values(of: op, slice))
    }
    if let tensor = try trace.tensor(named: name) {
      if slice == nil && !isOperand { return .fields(of: name, try fields(ofTensor: tensor.id)) }
      return .array(try weights(tensor, slice))
    }
    throw try unknown(
      name,
      advice:
        "\"info ops all\" and \"info tensors\" list names, and \"help print\" what else there is"
    )
  }

  /// `tile.rows` as `tile` and `rows`; a name that begins with no object stays whole.
  static func splitField(_ name: String) -> (object: String, field: String?) {
    guard let dot = name.firstIndex(of: ".") else { return (name, nil) }
    let object = String(name[..<dot])
    guard TraceObject.names.contains(object) else { return (name, nil) }
    return (object, String(name[name.index(after: dot)...]))
  }

  private func values(of op: TraceOp, _ slice: Slice?) throws -> ArrayValue {
    let selection = try selection(slice, of: op)
    let output = try output(of: op)
    var notes = [output.note].compactMap { $0 }
    if selection.rows.count == 1 {
      notes += [try sequenceNote(of: op, row: selection.rows.lowerBound)].compactMap { $0 }
    }
    if op.steps.upperBound > cursor.step {
      notes.append("(It is computed at step \(op.steps.upperBound), after this one.)")
    }
    return ArrayValue(
      name: op.name, rows: op.rows, cols: op.cols, selection: selection, notes: notes,
      row: output.row)
  }

  /// What a slice means of an operation's output: of its last row, where it does not say.
  ///
  /// - Throws: `DebuggerError.badSlice`.
  func selection(_ slice: Slice?, of op: TraceOp) throws -> Selection {
    try Selection(
      slice, of: op.name, rows: op.rows, cols: op.cols, heads: heads(of: op),
      defaultRow: op.rows - 1, sequences: sequences(of: op))
  }

  private func weights(_ tensor: TraceTensor, _ slice: Slice?) throws -> ArrayValue {
    let selection = try Selection(
      slice, of: tensor.name, rows: tensor.rows, cols: tensor.cols, heads: .none, defaultRow: nil)
    let matrix = try values.weights(named: tensor.name)
    let note = matrix.type.isQuantized ? ["(dequantized from \(matrix.type.name))"] : []
    return try ArrayValue(
      name: tensor.name, rows: tensor.rows, cols: tensor.cols, selection: selection, notes: note,
      row: matrix.row)
  }

  /// How heads lie in an operation's output.
  func heads(of op: TraceOp) -> Selection.Heads {
    guard let count = op.attributes.heads else { return .none }
    switch op.operation {
    case .scores, .softCap, .softmax:
      return op.rows % count == 0 ? .inRows(tokens: op.rows / count) : .none
    default:
      guard let size = op.attributes.headSize, op.cols == count * size else { return .none }
      return .inColumns(size: size)
    }
  }

  /// The output of an operation, with ^C and progress where it has to be recomputed.
  func output(of op: TraceOp) throws -> OpOutput {
    try whileRecomputing { try values.output(of: op) }
  }
}
