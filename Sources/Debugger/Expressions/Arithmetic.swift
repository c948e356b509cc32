/// Arithmetic between figures, with their units: of bytes and bytes comes bytes, of bytes by bytes a
/// number, and what stands above and below cancels.
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
  case .times: return Units(a).times(Units(b)).text
  case .divided: return Units(a).divided(by: Units(b)).text
  }
}

/// What a figure is counted in, as its factors: `bytes × bytes / ns`.
private struct Units {
  private var above: [String] = []
  private var below: [String] = []

  init(_ text: String) {
    let parts = text.split(separator: " / ").map(String.init)
    above = (parts.first ?? "").split(separator: " × ").map(String.init).filter { $0 != "1" }
    below = Array(parts.dropFirst())
  }

  func times(_ other: Units) -> Units { multiplied(above: other.above, below: other.below) }
  func divided(by other: Units) -> Units { multiplied(above: other.below, below: other.above) }

  private func multiplied(above: [String], below: [String]) -> Units {
    var result = self
    result.above += above
    result.below = []
    for unit in self.below + below {
      if let place = result.above.firstIndex(of: unit) {
        result.above.remove(at: place)
      } else {
        result.below.append(unit)
      }
    }
    return result
  }

  /// The same units are the same text; nothing for a plain number.
  var text: String {
    if above.isEmpty && below.isEmpty { return "" }
    let factors = above.isEmpty ? "1" : above.sorted().joined(separator: " × ")
    return ([factors] + below.sorted()).joined(separator: " / ")
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
