import Foundation

/// A number as it is printed. What is computed of it is computed of what was printed, so that a
/// reader who does the same comes to the same.
struct Figure: Equatable, CustomStringConvertible {
  private enum Format: Equatable {
    case significant(Int)
    case decimals(Int)
  }

  /// What the text says, which may differ from what it was made of beyond the last digit.
  let value: Double
  private let format: Format

  /// Nine significant digits, by which float32 numbers can be told apart.
  init(_ value: Float) { self.init(printing: Double(value), .significant(9)) }

  /// Ten significant digits.
  init(_ value: Double) { self.init(printing: value, .significant(10)) }

  /// As many digits as float64 has: of float16 numbers and their small multiples, all there are.
  init(inFull value: Double) { self.init(value, .significant(17)) }

  /// So many digits after the point: sums of such figures are exact.
  init(_ value: Double, decimals: Int) { self.init(printing: value, .decimals(decimals)) }

  /// A number that is computed with as it is, and not as it would be printed.
  init(unrounded value: Double) { self.init(value, .significant(10)) }

  private init(printing value: Double, _ format: Format) {
    self.init(Double(Self.text(value, format)) ?? value, format)
  }

  private init(_ value: Double, _ format: Format) {
    self.value = value
    self.format = format
  }

  private static func text(_ value: Double, _ format: Format) -> String {
    switch format {
    case .significant(let digits): String(format: "%.\(digits)g", value)
    case .decimals(let digits): String(format: "%.\(digits)f", value)
    }
  }

  var description: String {
    let text = Self.text(value, format)
    return value == 0 && text.hasPrefix("-") ? String(text.dropFirst()) : text
  }
}

/// The numbers that an operation is computed with again.
enum Numbers {
  /// Those of the run, as they are printed: weights and inputs as its strategy rounds them.
  case printed
  /// Weights as they are stored and inputs as they were, in double precision.
  case exact

  func callAsFunction(_ value: Float) -> Figure {
    self == .exact ? Figure(unrounded: Double(value)) : Figure(value)
  }

  func values(_ values: [Float]) -> [Double] {
    self == .exact ? values.map(Double.init) : values.map { Figure($0).value }
  }

  func callAsFunction(_ value: Double) -> Figure {
    self == .exact ? Figure(unrounded: value) : Figure(value)
  }
}
