import CKernels

/// Sum, range, mean and root mean square over all values of something.
///
/// Sums run in double precision, in an order that depends on the count alone, so that two runs
/// agree to the last bit, on any machine. A value that is no number makes `sum` and `rms` NaN.
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

  /// Of f32 values.
  public init(_ values: UnsafeBufferPointer<Float>) {
    self.init(nibble_statistics_f32(values.baseAddress, values.count), count: values.count)
  }

  /// Of f16 values, given as their bits.
  init(halves: UnsafeBufferPointer<UInt16>) {
    self.init(nibble_statistics_f16(halves.baseAddress, halves.count), count: halves.count)
  }

  private init(_ sums: nibble_statistics, count: Int) {
    if count == 0 {
      self.init(count: 0, sum: 0, min: 0, max: 0, rms: 0)
    } else {
      self.init(
        count: count, sum: sums.sum, min: Double(sums.min), max: Double(sums.max),
        rms: (sums.squares / Double(count)).squareRoot())
    }
  }
}
