import Basics
import Events
import Foundation
import TraceStore

extension DebuggerSession {
  /// Why `info error` does not take a name.
  private func notComparable(_ name: String) throws -> DebuggerError {
    let whole = Slice.split(name)?.name ?? name
    if let op = try op(named: whole) {
      return .otherKind(
        name: name, kind: "a part of \(op.name)",
        advice: "\"info error \(op.name)\" compares all of it, and \"why \(name)\" shows the "
          + "terms of a value")
    }
    if try trace.tensor(named: whole) != nil {
      return .otherKind(
        name: name, kind: "a weight tensor",
        advice: "info error compares the output of an operation, such as ffn_gate-0, and "
          + "\"x/1block \(whole)\" lays a block of it open")
    }
    return try unknown(name, advice: "\"info ops all\" lists the names")
  }

  /// Does `info error`: how far the output of an operation is from the same operation computed
  /// exactly on the same inputs.
  func infoError(_ name: String) throws {
    let found = name.isEmpty ? try trace.op(at: cursor.step) : try op(named: name)
    guard let op = found else {
      if !name.isEmpty { throw try notComparable(name) }
      throw DebuggerError.nothingHere(
        what: "operation", step: cursor.step, advice: try opAdvice)
    }
    let (output, exact) = try whileRecomputing {
      let output = try values.output(of: op)
      let exactly = WhyOperation(session: self, op: op, numbers: .exact)
      return (output, try exactly.values(ofRows: 0..<op.rows))
    }
    var largest = (index: 0, error: 0.0)
    var (squares, sizes) = (0.0, 0.0)
    var isFinite = true
    for (index, value) in output.values.enumerated() {
      let error = Double(value) - exact[index]
      if !error.isFinite { isFinite = false }
      if abs(error) > abs(largest.error) { largest = (index, error) }
      squares += error * error
      sizes += exact[index] * exact[index]
    }
    guard largest.error != 0 || !isFinite else {
      let text =
        "\(op.name): every value is that of the same operation on the same inputs, exactly."
      return show(
        ([text] + [output.note].compactMap { $0 }).flatMap { wrapped($0, to: style.width) })
    }
    let count = Double(max(output.values.count, 1))
    let (row, column) = largest.index.quotientAndRemainder(dividingBy: max(op.cols, 1))
    let place = op.rows > 1 ? "[\(row), \(column)]" : "[\(column)]"
    show([
      "\(op.name) less the same operation on the same inputs, exactly:"
    ])
    var lines = [
      "largest    \(formatReal(largest.error)) at \(op.name)\(place): "
        + "\(formatReal(Double(output.values[largest.index]), digits: 9)) for "
        + formatReal(exact[largest.index], digits: 9),
      "rms        \(formatReal((squares / count).squareRoot())) of "
        + formatReal((sizes / count).squareRoot()),
      "relative   "
        + (sizes > 0
          ? formatReal((squares / sizes).squareRoot()) : "none, as all exact values are 0"),
    ]
    if !isFinite { lines.append("Some values are not finite numbers.") }
    if op.operation == .matmul {
      lines.append("Exactly: weights dequantized to float32, products summed in double precision.")
    }
    if let note = output.note { lines.append(note) }
    lines.append("\"why \(op.name)\(place)\" shows the terms of the worst.")
    show(
      lines.flatMap { line in
        wrapped(line, to: style.width - 2, indent: "           ").map { "  " + $0 }
      })
  }
}
