import Foundation

extension Model {
  /// How far RoPE turns a pair of values from one position to the next, in radians:
  /// `ropeBase^(-2i / ropeCount) / ropeDivisor(ofPair: i)`.
  ///
  /// - Precondition: `pair` is below `ropeCount / 2`.
  public func ropeFrequency(ofPair pair: Int) -> Double {
    pow(config.ropeBase, -2 * Double(pair) / Double(config.ropeCount)) / ropeDivisor(ofPair: pair)
  }

  /// What slows a pair's turning down for texts longer than those of the training:
  /// `ropeFactors[i] * ropeScale`, 1 in most models.
  ///
  /// - Precondition: `pair` is below `ropeCount / 2`.
  public func ropeDivisor(ofPair pair: Int) -> Double {
    (ropeFactors.map { Double($0.values[pair]) } ?? 1) * config.ropeScale
  }
}
