import Foundation

extension Model {
  /// How far RoPE turns a pair of values from one position to the next, in radians:
  /// `ropeBase^(-2i / ropeCount) / ropeFactors[i] / ropeScale`.
  ///
  /// - Precondition: `pair` is below `ropeCount / 2`.
  public func ropeFrequency(ofPair pair: Int) -> Double {
    let factor = ropeFactors.map { Double($0.values[pair]) } ?? 1
    return pow(config.ropeBase, -2 * Double(pair) / Double(config.ropeCount)) / factor
      / config.ropeScale
  }
}
