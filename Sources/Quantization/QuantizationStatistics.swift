/// How far stored values are from the ones that were meant.
public struct QuantizationStatistics: Equatable, Sendable {
  /// Values compared.
  public private(set) var count = 0
  /// The largest magnitude of a difference.
  public private(set) var maximumError: Float = 0
  private var squaredError = 0.0
  private var squaredValue = 0.0

  public init() {}

  /// Root of the mean squared difference.
  public var rmse: Double { count > 0 ? (squaredError / Double(count)).squareRoot() : 0 }

  /// ``rmse`` as a share of the values' own root mean square; 0 for values that are all zero.
  public var relativeRMSE: Double {
    squaredValue > 0 ? (squaredError / squaredValue).squareRoot() : 0
  }

  /// Adds values, and what they have become.
  ///
  /// - Precondition: as many of one as of the other.
  public mutating func add(
    _ values: UnsafeBufferPointer<Float>, stored: UnsafeBufferPointer<Float>
  ) {
    precondition(values.count == stored.count, "each value has become one value")
    var errors = 0.0
    var squares = 0.0
    for (value, other) in zip(values, stored) {
      let difference = other - value
      maximumError = max(maximumError, abs(difference))
      errors += Double(difference) * Double(difference)
      squares += Double(value) * Double(value)
    }
    count += values.count
    squaredError += errors
    squaredValue += squares
  }

  /// Adds what others have gathered.
  public mutating func add(_ other: QuantizationStatistics) {
    count += other.count
    maximumError = max(maximumError, other.maximumError)
    squaredError += other.squaredError
    squaredValue += other.squaredValue
  }
}
