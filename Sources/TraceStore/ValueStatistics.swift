import CKernels

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

  /// Of f32 values.
  init(_ values: UnsafeBufferPointer<Float>) {
    var sums = Accumulator()
    sums.add(values)
    self = sums.finish()
  }

  /// Of f16 values, given as their bits.
  init(halves: UnsafeBufferPointer<UInt16>) {
    var sums = Accumulator()
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.block) { floats in
      for first in stride(from: 0, to: halves.count, by: Self.block) {
        let count = Swift.min(Self.block, halves.count - first)
        guard let source = halves.baseAddress, let target = floats.baseAddress else { return }
        nibble_dequantize_f32(UInt32(NIBBLE_TYPE_F16), source + first, target, count)
        sums.add(UnsafeBufferPointer(start: target, count: count))
      }
    }
    self = sums.finish()
  }

  /// Values that are widened at a time: a multiple of eight, so that sums run in the same order
  /// whatever the type.
  private static let block = 4096

  /// Eight sums side by side, added up at the end.
  private struct Accumulator {
    private var sum = SIMD8<Double>.zero
    private var squares = SIMD8<Double>.zero
    private var low = SIMD8<Float>(repeating: .infinity)
    private var high = SIMD8<Float>(repeating: -.infinity)

    private var tail: (sum: Double, squares: Double) = (0, 0)
    private var count = 0

    mutating func add(_ values: UnsafeBufferPointer<Float>) {
      guard let base = values.baseAddress else { return }
      let raw = UnsafeRawPointer(base)
      let whole = values.count & ~7
      for index in stride(from: 0, to: whole, by: 8) {
        add(raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self))
      }
      for value in values[whole...] {
        tail.sum += Double(value)
        tail.squares += Double(value) * Double(value)
        if value < low[0] { low[0] = value }
        if value > high[0] { high[0] = value }
      }
      count += values.count
    }

    @inline(__always) private mutating func add(_ values: SIMD8<Float>) {
      let wide = SIMD8<Double>(values)
      sum += wide
      squares += wide * wide
      low.replace(with: values, where: values .< low)
      high.replace(with: values, where: values .> high)
    }

    func finish() -> ValueStatistics {
      if count == 0 { return ValueStatistics(count: 0, sum: 0, min: 0, max: 0, rms: 0) }
      let meanSquare = (squares.sum() + tail.squares) / Double(count)
      return ValueStatistics(
        count: count, sum: sum.sum() + tail.sum, min: Double(low.min()), max: Double(high.max()),
        rms: meanSquare.squareRoot())
    }
  }
}
