/// Arithmetic between figures, with their units: of bytes and bytes comes bytes, of bytes by bytes a
/// number.
///
/// - Throws: `DebuggerError.notANumber`.
func combine(
  _ left: FieldValue, _ operation: Expression.Operation, _ right: FieldValue
) throws -> FieldValue {
  guard let a = left.number, let b = right.number else {
    let text = left.number == nil ? left.text : right.text
    throw DebuggerError.notANumber(name: text, reason: "it cannot be calculated with")
  }
  if operation == .divided && b == 0 {
    throw DebuggerError.notANumber(
      name: "\(left.text) / \(right.text)", reason: "the divisor is zero")
  }
  let unit = try unit(left, operation, right)
  if operation != .divided || !unit.isEmpty, let a = left.whole, let b = right.whole,
    let result = integers(a, operation, b)
  {
    return .whole(result, unit)
  }
  switch operation {
  case .plus: return .real(a + b, unit)
  case .minus: return .real(a - b, unit)
  case .times: return .real(a * b, unit)
  case .divided: return .real(a / b, unit)
  }
}

/// What a result is counted in; nothing for a plain number.
private func unit(
  _ left: FieldValue, _ operation: Expression.Operation, _ right: FieldValue
) throws -> String {
  let (a, b) = (left.unit, right.unit)
  switch operation {
  case .plus, .minus:
    guard a == b || a.isEmpty || b.isEmpty else {
      throw DebuggerError.notANumber(
        name: "\(left.text) \(operation.rawValue) \(right.text)",
        reason: "\(a) and \(b) are not counted together")
    }
    return a.isEmpty ? b : a
  case .times: return a.isEmpty ? b : b.isEmpty ? a : "\(a) × \(b)"
  case .divided: return b.isEmpty ? a : a == b ? "" : "\(a.isEmpty ? "1" : a) / \(b)"
  }
}

/// `nil` where the result is too large, or not whole.
private func integers(_ a: Int, _ operation: Expression.Operation, _ b: Int) -> Int? {
  let (result, overflow) =
    switch operation {
    case .plus: a.addingReportingOverflow(b)
    case .minus: a.subtractingReportingOverflow(b)
    case .times: a.multipliedReportingOverflow(by: b)
    case .divided: a.dividedReportingOverflow(by: b)
    }
  return overflow || (operation == .divided && result * b != a) ? nil : result
}

extension FieldValue {
  /// `nil` for what is no number.
  var number: Double? {
    switch self {
    case .integer(let value), .bytes(let value), .nanoseconds(let value): Double(value)
    case .real(let value), .measured(let value, _): value
    case .text, .none: nil
    }
  }

  /// `nil` for what is no whole number.
  fileprivate var whole: Int? {
    switch self {
    case .integer(let value), .bytes(let value), .nanoseconds(let value): value
    case .real, .measured, .text, .none: nil
    }
  }

  /// What it is counted in; nothing for a plain number.
  fileprivate var unit: String {
    switch self {
    case .bytes: "bytes"
    case .nanoseconds: "ns"
    case .measured(_, let unit): unit
    case .integer, .real, .text, .none: ""
    }
  }

  fileprivate static func real(_ value: Double, _ unit: String) -> FieldValue {
    unit.isEmpty ? .real(value) : .measured(value, unit)
  }

  fileprivate static func whole(_ value: Int, _ unit: String) -> FieldValue {
    switch unit {
    case "": .integer(value)
    case "bytes": .bytes(value)
    case "ns": .nanoseconds(value)
    default: .measured(Double(value), unit)
    }
  }
}
