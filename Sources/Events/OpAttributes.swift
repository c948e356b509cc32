import Foundation

/// The numbers that an operation is computed with besides its inputs: the same in every pass.
public struct OpAttributes: Equatable, Sendable {
  /// RoPE: the base of its frequencies, `base^(-2i / dimensions)` radians a position for pair i.
  public let base: Float?
  /// Soft cap: the magnitude that no value passes.
  public let cap: Float?
  /// RoPE: values of each head that are rotated, from its first on; `nil` for all.
  public let dimensions: Int?
  /// RMSNorm: what is added to the mean square.
  public let epsilon: Float?
  /// Mixture of experts: experts of a token.
  public let expertsUsed: Int?
  /// RoPE: what positions are divided by (linear scaling); `nil` for 1.
  public let factor: Float?
  /// Values of a head.
  public let headSize: Int?
  /// Heads in a row of the output; of scores, rows for each token.
  public let heads: Int?
  /// Attention: heads of keys and values, each of them read by `heads / kvHeads` of the query.
  public let kvHeads: Int?
  /// RoPE: which values of a head it rotates together.
  public let layout: RopeLayout?
  /// Softmax, soft cap and scaling: what the input is multiplied by.
  public let scale: Float?
  /// Attention: positions that a token sees, itself among them; `nil` for all up to its own.
  public let window: Int?

  public init(
    base: Float? = nil, cap: Float? = nil, dimensions: Int? = nil, epsilon: Float? = nil,
    expertsUsed: Int? = nil, factor: Float? = nil, headSize: Int? = nil, heads: Int? = nil,
    kvHeads: Int? = nil, layout: RopeLayout? = nil, scale: Float? = nil, window: Int? = nil
  ) {
    self.base = base
    self.cap = cap
    self.dimensions = dimensions
    self.epsilon = epsilon
    self.expertsUsed = expertsUsed
    self.factor = factor
    self.headSize = headSize
    self.heads = heads
    self.kvHeads = kvHeads
    self.layout = layout
    self.scale = scale
    self.window = window
  }

  /// `{"epsilon":1e-05}`: a JSON object with its keys sorted, floats in as few digits as tell them
  /// from every other; `nil` for an operation that has none.
  public var json: String? {
    let fields: [(key: String, value: String?)] = [
      ("base", base.map { "\($0)" }), ("cap", cap.map { "\($0)" }),
      ("dimensions", dimensions.map { "\($0)" }),
      ("epsilon", epsilon.map { "\($0)" }), ("experts_used", expertsUsed.map { "\($0)" }),
      ("factor", factor.map { "\($0)" }),
      ("head_size", headSize.map { "\($0)" }), ("heads", heads.map { "\($0)" }),
      ("kv_heads", kvHeads.map { "\($0)" }), ("layout", layout.map { "\"\($0.rawValue)\"" }),
      ("scale", scale.map { "\($0)" }), ("window", window.map { "\($0)" }),
    ]
    let known = fields.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
    return known.isEmpty ? nil : "{\(known.joined(separator: ","))}"
  }
}

/// Which two values of a head RoPE rotates together; in traces by ggml's names of it.
public enum RopeLayout: String, Decodable, Sendable {
  /// (0, 1), (2, 3), …
  case interleaved = "normal"
  /// (0, n/2), (1, n/2 + 1), …
  case halves = "neox"
}

extension OpAttributes: Decodable {
  private enum CodingKeys: String, CodingKey {
    case base, cap, dimensions, epsilon
    case expertsUsed = "experts_used"
    case factor
    case headSize = "head_size"
    case heads
    case kvHeads = "kv_heads"
    case layout, scale, window
  }

  /// Attributes as ``json`` wrote them. Keys that are not known are left out.
  ///
  /// - Returns: `nil` for text other than a JSON object of at most 4 KiB, a value of another type,
  ///   or a count outside 1...2^31-1.
  public init?(json: String) {
    guard json.utf8.count <= 4096,
      let found = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)),
      [
        found.dimensions, found.expertsUsed, found.headSize, found.heads, found.kvHeads,
        found.window,
      ].allSatisfy({ (1...Int(Int32.max)).contains($0 ?? 1) })
    else { return nil }
    self = found
  }
}
