import Basics
import Foundation
import TraceStore

/// How a value is printed in prose.
enum ValueFormat: Equatable {
  /// As it is; a REAL with four digits.
  case plain
  case bytes, percent, count, times, bits, ns
  case decimals(Int)

  /// - Parameter name: as a template has it after `|`, or as `unit` of a step.
  init?(_ name: String) {
    switch name {
    case "": self = .plain
    case "bytes": self = .bytes
    case "percent": self = .percent
    case "count": self = .count
    case "times": self = .times
    case "bits": self = .bits
    case "ns": self = .ns
    default:
      guard let digits = Int(name), (0...9).contains(digits) else { return nil }
      self = .decimals(digits)
    }
  }

  /// - Throws: ``LessonError/badFormat(template:problem:)`` where it does not suit the value.
  func text(_ value: SQLValue, template: String) throws -> String {
    if self == .plain {
      guard case .real(let number) = value else { return value.text ?? "" }
      return String(format: "%.4g", number)
    }
    guard let number = value.number, number.isFinite else {
      throw LessonError.badFormat(
        template: template, problem: "\(value.text ?? "NULL") is no number")
    }
    return text(number)
  }

  func text(_ number: Double) -> String {
    guard let whole = Int(exactly: number.rounded()), whole.magnitude < 1 << 60 else {
      return String(format: "%.3g", number)
    }
    switch self {
    case .plain: return Self.short(number, digits: 4)
    case .bytes: return formatBytes(whole)
    case .percent: return Self.short(number * 100, digits: 3) + " %"
    case .count: return formatCount(whole)
    case .times: return Self.short(number, digits: 3) + "×"
    case .bits: return Self.short(number, digits: 4)
    case .ns: return formatNanoseconds(whole)
    case .decimals(let digits): return String(format: "%.\(digits)f", number)
    }
  }

  /// With so many digits, but all of those before the point.
  private static func short(_ number: Double, digits: Int) -> String {
    let whole = Int(exactly: number.rounded()) ?? 0
    return whole.magnitude >= 1000 ? formatCount(whole) : String(format: "%.\(digits)g", number)
  }
}
