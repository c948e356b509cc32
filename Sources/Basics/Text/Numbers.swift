import Foundation

/// A real number with up to `digits` significant digits, as short as it can be: `-0.0312`,
/// `1.5e+20`.
public func formatReal(_ value: Double, digits: Int = 5) -> String {
  String(format: "%.\(digits)g", value)
}

/// The digits of a whole number, with zeros before them up to `count` of them: `00ff`.
public func digits(_ value: some BinaryInteger, radix: Int, count: Int) -> String {
  let digits = String(value, radix: radix)
  return String(repeating: "0", count: max(0, count - digits.count)) + digits
}
