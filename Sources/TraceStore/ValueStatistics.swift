/// Sum, range, mean and root mean square over all values of something.
///
/// Sums run in double precision, in an order that depends on the count alone, so that two runs
/// agree to the last bit. A value that is no number makes `sum` and `rms` NaN.
public struct ValueStatistics: Equatable, Sendable {
  /// How many values there are.
  public let count: Int
  public let sum: Double
  public let min: Double
  public let max: Double
  /// Root mean square.
  public let rms: Double
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  init(count: Int, sum: Double, min: Double, max: Double, rms: Double) {
    self.count = count
    self.sum = sum
    self.min = min
    self.max = max
    self.rms = rms
  }
}
