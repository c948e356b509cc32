import Basics
import TraceStore

extension DebuggerSession {
  /// Does `print`.
  func printExpression(_ arguments: String) throws {
    let (format, expression) = try PrintFormat.split(arguments)
    guard !expression.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "print", expected: "one of \(TraceObject.names.joined(separator: ", ")), or a name"
      )
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
    let isLeftOut = Set(TraceObject(rawValue: object)?.fields.filter(\.isLeftOut).map(\.name) ?? [])
    for (name, value) in fields where value != .none || !isLeftOut.contains(name) {
      let lines = wrapped(format?.text(value) ?? value.text, to: max(20, style.width - column - 5))
      show(
        (lines.isEmpty ? [""] : lines).prefixed(
          first: "  " + padded(name, to: column) + " = ", others: padded("", to: column + 5)))
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
  func op(named name: String) throws -> TraceOp? { try trace.op(named: name, inPass: passNumber) }

  /// The operation whose result is the logits of this pass, or of the first.
  func logitsOp() throws -> TraceOp? { try trace.logitsOp(inPass: passNumber) }

  private var passNumber: Int { get throws { try trace.pass(at: cursor.step)?.id ?? 1 } }
}
