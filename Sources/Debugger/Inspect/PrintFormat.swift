import Basics
import Foundation

/// What stands after `print/`, in gdb's letters.
enum PrintFormat: Character, CaseIterable {
  /// Whole numbers in hexadecimal; of a real number its bits, float32 of values.
  case hexadecimal = "x"
  /// The same in binary.
  case binary = "t"
  /// Whole numbers; a real one without what follows its point.
  case whole = "d"
  /// Nine significant digits, without an exponent.
  case plain = "f"
  /// Nine significant digits and an exponent.
  case scientific = "e"

  /// `/x tile.bytes` as the format and the expression; no format without a slash.
  ///
  /// - Throws: `DebuggerError.badArgument`.
  static func split(_ arguments: String) throws -> (PrintFormat?, expression: String) {
    guard arguments.hasPrefix("/") else { return (nil, arguments) }
    let (word, expression) = DebuggerSession.split(String(arguments.dropFirst()))
    guard word.count == 1, let format = word.first.flatMap(PrintFormat.init) else {
      throw DebuggerError.badArgument(
        command: "print/", found: word,
        expected: "one of the letters x (hexadecimal, bits of real numbers), t (binary), d "
          + "(whole), f (plain) and e (with an exponent)")
    }
    return (format, expression)
  }

  /// A value of an operation or of a weight tensor.
  func text(_ value: Float) -> String {
    switch self {
    case .hexadecimal: "0x" + digits(UInt64(value.bitPattern), radix: 16, count: 8)
    case .binary: digits(UInt64(value.bitPattern), radix: 2, count: 32)
    case .whole, .plain, .scientific: text(Double(value))
    }
  }

  /// A figure; what is no number stays as it is.
  func text(_ value: FieldValue) -> String {
    switch value {
    case .integer(let number), .bytes(let number), .nanoseconds(let number): text(number)
    case .real(let number), .measured(let number, _): text(number)
    case .text, .none: value.text
    }
  }

  private func text(_ number: Int) -> String {
    let sign = number < 0 ? "-" : ""
    switch self {
    case .hexadecimal: return "\(sign)0x" + String(number.magnitude, radix: 16)
    case .binary: return sign + String(number.magnitude, radix: 2)
    case .whole, .plain: return String(number)
    case .scientific: return text(Double(number))
    }
  }

  private func text(_ number: Double) -> String {
    switch self {
    case .hexadecimal: return "0x" + digits(number.bitPattern, radix: 16, count: 16)
    case .binary: return digits(number.bitPattern, radix: 2, count: 64)
    case .whole:
      return Int(exactly: number.rounded(.towardZero)).map(String.init)
        ?? formatReal(number, digits: 9)
    case .plain:
      guard number.isFinite, number != 0 else { return formatReal(number, digits: 9) }
      let decimals = max(0, 8 - Int(log10(abs(number)).rounded(.down)))
      return String(format: "%.\(decimals)f", number)
    case .scientific: return String(format: "%.8e", number)
    }
  }
}
