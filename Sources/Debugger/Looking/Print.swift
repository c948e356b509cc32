import Inference
import TraceStore

extension DebuggerSession {
  /// Does `print`.
  func printExpression(_ expression: String) throws {
    guard !expression.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "print", expected: "one of \(Place.objects.joined(separator: ", ")), or a name")
    }
    guard let (name, slice) = Slice.split(expression) else {
      throw DebuggerError.badArgument(
        command: "print", found: expression, expected: "a slice such as [5], [0..8] or [2, 0..8]")
    }
    if let slice { return try printValues(of: name, slice) }
    let (object, field) = Self.splitField(name)
    if let fields = try fields(of: object) { return try show(fields, of: object, field: field) }
    if let op = try op(named: name) {
      let tensor = try op.tensor.flatMap { try trace.tensor($0) }
      return try show(Place.fields(of: op, tensor: tensor), of: name, field: nil)
    }
    if let tensor = try trace.tensor(named: name) {
      return try show(Place.fields(of: tensor), of: name, field: nil)
    }
    throw DebuggerError.unknownName(
      name: name,
      advice: "\"info ops\" and \"info tensors\" list names, and \"help print\" what else there is")
  }

  /// `tile.rows` as `tile` and `rows`; a name that begins with no object stays whole.
  private static func splitField(_ name: String) -> (object: String, field: String?) {
    guard let dot = name.firstIndex(of: ".") else { return (name, nil) }
    let object = String(name[..<dot])
    guard Place.objects.contains(object) else { return (name, nil) }
    return (object, String(name[name.index(after: dot)...]))
  }

  private func show(_ fields: Fields, of object: String, field: String?) throws {
    if let field {
      guard let found = fields.first(where: { $0.name == field }) else {
        throw DebuggerError.unknownField(
          object: object, field: field, known: fields.map(\.name))
      }
      return show(["\(object).\(field) = \(found.value.text)"])
    }
    if fields.count == 1, fields[0].name.isEmpty {
      return show(["\(object) = \(fields[0].value.text)"])
    }
    let column = fields.map { displayWidth($0.name) }.max() ?? 0
    show(["\(object)"])
    for (name, value) in fields {
      let lines = wrapped(value.text, to: max(20, style.width - column - 5))
      for (index, line) in (lines.isEmpty ? [""] : lines).enumerated() {
        let start =
          index == 0 ? padded(name, to: column) + " = " : String(repeating: " ", count: column + 3)
        show(["  " + start + line])
      }
    }
  }

  /// The figures of an object at this place, or `nil` for a word that names none.
  func fields(of object: String) throws -> Fields? {
    guard Place.objects.contains(object) else { return nil }
    let place = try place()
    func missing(_ advice: String) -> DebuggerError {
      .nothingHere(what: object, step: place.step, advice: advice)
    }
    switch object {
    case "step": return [("", .integer(place.step))]
    case "event": return place.eventFields
    case "op":
      guard let op = place.op else { throw missing("\"next\" goes to one") }
      return Place.fields(of: op, tensor: try op.tensor.flatMap { try trace.tensor($0) })
    case "tile":
      guard let tile = place.tile else { throw missing("\"step\" goes on to where one is made") }
      return Place.fields(of: tile, tensor: place.tensor)
    case "tensor":
      guard let tensor = place.tensor else { throw missing("\"info tensors\" lists them all") }
      return Place.fields(of: tensor)
    case "matmul":
      guard let matmul = place.matmul else { throw missing("\"step\" goes on to one") }
      return Place.fields(of: matmul)
    case "token":
      guard let token = place.tokens.last else { throw missing("\"info tokens\" lists them all") }
      return Place.fields(of: token)
    case "pass":
      guard let pass = place.pass else { throw missing("\"goto pass 1\" goes to the first") }
      return Place.fields(of: pass, meta: meta)
    case "mem":
      let peak = try trace.peak()
      return Place.fields(of: place.event.live) + [
        ("peak", peak.map { .bytes($0.live.total) } ?? .none),
        ("peak_step", .integer(peak?.step)),
      ]
    default:
      let append = try trace.lastKVAppend(atOrBefore: place.step)
      return [
        ("bytes", .bytes(append?.cacheBytes ?? 0)),
        ("reserved", .bytes(place.event.live.kvCache)),
        ("sequence", .integer(append?.sequence)),
        ("positions", .integer((append?.position ?? -1) + 1)),
      ]
    }
  }

  /// Values that the trace has, in braces as gdb prints an array.
  private func printValues(of name: String, _ slice: Slice) throws {
    guard let op = try op(named: name) else {
      if try trace.tensor(named: name) != nil {
        throw DebuggerError.unknownName(
          name: name + slice.text,
          advice: "a trace holds no weights; `nibble inspect MODEL \(name)` shows them")
      }
      throw DebuggerError.unknownName(name: name, advice: "\"info ops all\" lists the names")
    }
    guard let values = try trace.value(ofOp: op.id) else {
      throw DebuggerError.notCaptured(name: name)
    }
    let (row, part) =
      slice.parts.count == 2
      ? (slice.parts[0], slice.parts[1]) : (.index(op.rows - 1), slice.parts[0])
    let rows = try Slice.indices(row, count: op.rows, slice: slice.text, name: name)
    let cols = try Slice.indices(part, count: op.cols, slice: slice.text, name: name)
    for row in rows {
      let numbers = cols.map { formatReal(Double(values[row * op.cols + $0]), digits: 6) }
      let place = op.rows > 1 ? "\(row), " : ""
      let range = cols.count == 1 ? "\(cols.lowerBound)" : "\(cols.lowerBound)..\(cols.upperBound)"
      let text =
        cols.count == 1 ? numbers[0] : "{" + numbers.joined(separator: ", ") + "}"
      show(wrapped("\(name)[\(place)\(range)] = \(text)", to: style.width, indent: "  "))
    }
    if op.steps.upperBound > cursor.step {
      show(["(It is computed at step \(op.steps.upperBound), after this one.)"])
    }
  }

  /// An operation of this pass, or of the first where there is none here.
  func op(named name: String) throws -> TraceOp? {
    let pass = try trace.pass(at: cursor.step)?.id ?? 1
    return try trace.op(named: name, inPass: pass)
  }
}
