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
    let blocks = values.count / 8
    if let base = values.baseAddress {
      let raw = UnsafeRawPointer(base)
      for block in 0..<blocks {
        sums.add(raw.loadUnaligned(fromByteOffset: block * 32, as: SIMD8<Float>.self))
      }
    }
    self = sums.finish(tail: values[(blocks * 8)...], count: values.count)
  }

  /// Of f16 values, given as their bits.
  init(halves values: UnsafeBufferPointer<UInt16>) {
    var sums = Accumulator()
    let blocks = values.count / 8
    if let base = values.baseAddress {
      let raw = UnsafeRawPointer(base)
      for block in 0..<blocks {
        sums.add(Self.widen(raw.loadUnaligned(fromByteOffset: block * 16, as: SIMD8<UInt16>.self)))
      }
    }
    let tail = values[(blocks * 8)...].map { Self.widen(SIMD8(repeating: $0))[0] }
    self = sums.finish(tail: tail, count: values.count)
  }

  /// Eight f16 values as f32, exactly.
  ///
  /// Exponent and mantissa move to their f32 places, which leaves the value 2^112 too small, denormal
  /// or not; a product puts that right. Only infinities and NaNs need their exponent filled up.
  static func widen(_ bits: SIMD8<UInt16>) -> SIMD8<Float> {
    let wide = SIMD8<UInt32>(truncatingIfNeeded: bits)
    let magnitude = wide & 0x7FFF
    let scaled =
      unsafeBitCast(magnitude &<< 13, to: SIMD8<Float>.self) * Float(bitPattern: 0x7780_0000)
    var result = unsafeBitCast(scaled, to: SIMD8<UInt32>.self)
    result.replace(with: result | 0x7F80_0000, where: magnitude .>= 0x7C00)
    return unsafeBitCast(result | (wide & 0x8000) &<< 16, to: SIMD8<Float>.self)
  }

  /// Eight sums side by side, added up at the end.
  private struct Accumulator {
    var sum = SIMD8<Double>.zero
    var squares = SIMD8<Double>.zero
    var low = SIMD8<Float>(repeating: .infinity)
    var high = SIMD8<Float>(repeating: -.infinity)

    @inline(__always) mutating func add(_ values: SIMD8<Float>) {
      let wide = SIMD8<Double>(values)
      sum += wide
      squares += wide * wide
      low.replace(with: values, where: values .< low)
      high.replace(with: values, where: values .> high)
    }

    func finish(tail: some Sequence<Float>, count: Int) -> ValueStatistics {
      var total = sum.sum()
      var squares = self.squares.sum()
      var low = self.low.min()
      var high = self.high.max()
      for value in tail {
        total += Double(value)
        squares += Double(value) * Double(value)
        if value < low { low = value }
        if value > high { high = value }
      }
      return ValueStatistics(
        count: count, sum: total, min: Double(low), max: Double(high),
        rms: count == 0 ? 0 : (squares / Double(count)).squareRoot())
    }
  }
}
