import Basics
import Inference
import TraceStore

extension DebuggerSession {
  /// Does `print`.
  func printExpression(_ arguments: String) throws {
    let (format, expression) = try PrintFormat.split(arguments)
    guard !expression.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "print", expected: "one of \(Place.objects.joined(separator: ", ")), or a name")
    }
    let parsed = try Expression(expression)
    var notes: [String] = []
    switch try evaluate(parsed, notes: &notes) {
    case .figure(let value):
      let text = format?.text(value) ?? value.text
      show(wrapped("\(expression) = \(text)", to: style.width))
    case .fields(let name, let fields): show(fields, of: name, format)
    case .array(let array):
      show(array.lines(style: style, format: format))
      notes += array.notes
    }
    show(notes.flatMap { wrapped($0, to: style.width) })
  }

  private func show(_ fields: Fields, of object: String, _ format: PrintFormat?) {
    let column = fields.map { displayWidth($0.name) }.max() ?? 0
    show(["\(object)"])
    for (name, value) in fields {
      let lines = wrapped(format?.text(value) ?? value.text, to: max(20, style.width - column - 5))
      show(
        (lines.isEmpty ? [""] : lines).prefixed(
          first: "  " + padded(name, to: column) + " = ", others: padded("", to: column + 5)))
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
      guard let op = place.op else { throw missing(try opAdvice) }
      return Place.fields(of: op, tensor: try op.tensor.flatMap { try trace.tensor($0) })
    case "tile":
      guard let tile = place.tile else { throw missing(try tileAdvice) }
      return Place.fields(of: tile, tensor: place.tensor)
    case "tensor":
      guard let tensor = place.tensor else { throw missing("\"info tensors\" lists them all") }
      return Place.fields(of: tensor)
    case "matmul":
      guard let matmul = place.matmul else { throw missing(try matmulAdvice) }
      return Place.fields(of: matmul)
    case "token":
      guard let token = place.tokens.last else { throw missing("\"info tokens\" lists them all") }
      return Place.fields(of: token)
    case "pass":
      guard let pass = place.pass else { throw missing(try passAdvice) }
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

  /// What to say of a name that means nothing: which name may be meant, or else some advice.
  func unknown(_ name: String, advice: String) throws -> DebuggerError {
    let layer = try trace.op(at: cursor.step)?.layer ?? 0
    for meant in ["\(name)-\(layer)", "\(name).weight"] {
      if try op(named: meant) != nil || trace.tensor(named: meant) != nil {
        return .unknownName(name: name, advice: "is \(meant) meant?")
      }
    }
    if try trace.passCount() == 0 {
      return .unknownName(
        name: name,
        advice: "the run ended before its first pass, and \"info tensors\" lists what there is")
    }
    return .unknownName(name: name, advice: advice)
  }

  /// An operation of this pass, or of the first where there is none here.
  func op(named name: String) throws -> TraceOp? {
    let pass = try trace.pass(at: cursor.step)?.id ?? 1
    return try trace.op(named: name, inPass: pass)
  }
}
