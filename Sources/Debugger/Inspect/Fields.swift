import Basics
import Foundation
import TraceStore

/// A figure that `print` shows, with its unit.
enum FieldValue: Equatable {
  case integer(Int)
  case bytes(Int)
  case nanoseconds(Int)
  case real(Double)
  /// A real number of something: `5.5` `bytes`.
  case measured(Double, _ unit: String)
  case text(String)
  case none

  /// The exact figure, and in brackets how it reads best.
  var text: String {
    switch self {
    case .integer(let value): String(value)
    case .bytes(let value):
      value.magnitude < 1024 ? "\(value) bytes" : "\(value) bytes (\(formatBytes(value)))"
    case .nanoseconds(let value):
      value.magnitude < 1000 ? "\(value) ns" : "\(value) ns (\(formatNanoseconds(value)))"
    case .real(let value): formatReal(value, digits: 9)
    case .measured(let value, let unit): "\(formatReal(value, digits: 9)) \(unit)"
    case .text(let value): value
    case .none: "none"
    }
  }

  /// A value of a trace, as what its field says that it is.
  init(_ value: SQLValue, of field: TraceField) {
    switch (value, field.kind) {
    case (.null, _): self = .none
    case (.integer(let number), .bytes): self = .bytes(number)
    case (.integer(let number), .nanoseconds): self = .nanoseconds(number)
    case (.integer(let number), .real), (.integer(let number), .statistic):
      self = .real(Double(number))
    case (.integer(let number), _): self = .integer(number)
    case (.real(let number), _): self = .real(number)
    case (.text(let text), .characters): self = .text(quoted(text))
    case (.text(let text), .names):
      let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
      self = .text(names?.joined(separator: ", ") ?? text)
    case (.text, _), (.blob, _): self = .text(value.text ?? "")
    }
  }
}

/// Named figures in the order in which they are shown; the names are the trace's column names.
typealias Fields = [(name: String, value: FieldValue)]

extension DebuggerSession {
  /// The figures of an object at this step, or of a word; `nil` for a word that names none.
  func fields(of name: String) throws -> Fields? {
    let step = cursor.step
    if let (_, field) = TraceObject.word(name) {
      let values = try trace.values(of: [field], at: step) ?? []
      return values.map { ("", FieldValue($0, of: field)) }
    }
    guard let object = TraceObject(rawValue: name) else { return nil }
    return try fields(of: object, at: step)
  }

  /// - Throws: `DebuggerError.nothingHere` if the step has no such object.
  func fields(of object: TraceObject, at step: Int) throws -> Fields {
    guard let values = try trace.values(of: object, at: step) else {
      throw DebuggerError.nothingHere(
        what: object.rawValue, step: step, advice: try advice(toReach: object))
    }
    return zip(object.fields, values).map { ($0.name, FieldValue($1, of: $0)) }
  }

  /// The figures of a weight tensor, wherever it is used.
  func fields(ofTensor id: Int) throws -> Fields {
    let values = try trace.values(ofTensor: id) ?? []
    return zip(TraceObject.tensor.fields, values).map { ($0.name, FieldValue($1, of: $0)) }
  }

  private func advice(toReach object: TraceObject) throws -> String {
    switch object {
    case .op: try opAdvice
    case .tile: try tileAdvice
    case .matmul: try matmulAdvice
    case .pass: try passAdvice
    case .tensor: "\"info tensors\" lists them all"
    case .token: "\"info tokens\" lists them all"
    case .event, .mem, .kv: "\"info passes\" lists what there is"
    }
  }
}
