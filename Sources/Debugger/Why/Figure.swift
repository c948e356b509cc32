import Foundation

/// A number as it is printed. What is computed of it is computed of what was printed, so that a
/// reader who does the same comes to the same.
struct Figure: Equatable, CustomStringConvertible {
  let description: String
  /// What the text says, which may differ from what it was made of beyond the last digit.
  let value: Double

  /// Nine significant digits, by which float32 numbers can be told apart.
  init(_ value: Float) { self.init(Double(value), "%.9g") }

  /// Ten significant digits.
  init(_ value: Double) { self.init(value, "%.10g") }

  /// As many digits as float64 has: of float16 numbers and their small multiples, all there are.
  init(inFull value: Double) { self.init(value, "%.17g") }

  /// So many digits after the point: sums of such figures are exact.
  init(_ value: Double, decimals: Int) { self.init(value, "%.\(decimals)f") }

  private init(_ value: Double, _ format: String) {
    let text = String(format: format, value)
    self.value = Double(text) ?? value
    description = self.value == 0 && text.hasPrefix("-") ? String(text.dropFirst()) : text
  }
}
