/// Random numbers that are the same in every run and on every machine.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Evenly distributed around 0, with that root mean square.
  mutating func values(_ count: Int, rms: Float) -> [Float] {
    let width = rms * Float(12).squareRoot()
    return (0..<count).map { _ in (Float(next() >> 40) / Float(1 << 24) - 0.5) * width }
  }
}
