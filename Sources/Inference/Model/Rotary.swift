import Events
import Foundation

/// Rotary positions (RoPE, arXiv:2104.09864): pairs of values of each head are turned by an angle
/// that grows with the position.
///
/// Pair i turns by `position / factor * base^(-2i / dimensions) / factors[i]` radians.
struct Rotary: Sendable {
  let layout: RopeLayout
  let base: Double
  /// What positions are divided by (linear scaling); 1 in most models.
  let factor: Double
  /// Values of each head that are turned, from its first on.
  let dimensions: Int
  let headSize: Int
  /// What slows each pair down, `(dimensions / 2)`, in models trained for long texts.
  let factors: Vector?
  /// The buffer for its cosines and sines.
  let table: Slot

  /// How far a pair turns from one position to the next, in radians.
  func frequency(ofPair pair: Int) -> Double {
    pow(base, -2 * Double(pair) / Double(dimensions))
      / (factor * (factors.map { Double($0.values[pair]) } ?? 1))
  }
}
