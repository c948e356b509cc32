import Events
import Foundation

public struct RopeShim {
  public let ropeCount: Int
  public let ropeLayout: RopeLayout
  public let ropeBase: Double
  public let headSize: Int
  public let ropeScale: Double
}
extension Model {
  var shimRotary: Rotary {
    (architecture as? Llama)?.rotary ?? (architecture as? Qwen3)?.rotary
      ?? (architecture as? Qwen3MoE)?.rotary ?? (architecture as? Gemma2)?.rotary
      ?? (architecture as! Gemma3).global
  }
  public var rope: RopeShim {
    let r = shimRotary
    return RopeShim(
      ropeCount: r.dimensions, ropeLayout: r.layout, ropeBase: r.base, headSize: r.headSize,
      ropeScale: r.factor)
  }
  public func ropeFrequency(ofPair pair: Int) -> Double { shimRotary.frequency(ofPair: pair) }
  public func ropeDivisor(ofPair pair: Int) -> Double {
    shimRotary.factor * (shimRotary.factors.map { Double($0.values[pair]) } ?? 1)
  }
}
