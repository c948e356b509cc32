/// What an engine buffer is for. The trace has a column for each category, in this order; how each
/// is drawn is in ``MemoryCategory`` of `TraceStore` (`look`).
public enum MemoryCategory: Int, CaseIterable, Sendable {
  /// Packed weights, as they lie in the model file.
  case weights = 0
  /// Weights turned into float16 (or float32) values: a tile, a matrix or a whole model.
  case weightsDequantized
  /// Keys and values of the positions seen so far.
  case kvCache
  /// What layers that do not attend carry from one position to the next.
  case recurrentState
  /// Values that flow between operations.
  case activations
  /// Scratch that no operation's result lives in.
  case workspace
  /// The scores of the next token, one for each entry of the vocabulary.
  case logits

  /// The name in the trace and on screen: `weights_dequantized`, `kv_cache`, …
  public var name: String { Self.names[rawValue] }

  /// What may help where an allocation would exceed the memory budget, to follow a semicolon.
  public var advice: String {
    switch self {
    case .weights: "give a larger --memory-budget, or take a smaller model"
    case .weightsDequantized:
      "try another --strategy, fewer --tile-rows or a larger --memory-budget"
    case .kvCache: "try a smaller --kv-type, fewer tokens or a larger --memory-budget"
    case .activations, .workspace:
      "split the prompt with --ubatch, or give a larger --memory-budget"
    case .recurrentState, .logits: "give a larger --memory-budget"
    }
  }

  private static let names = allCases.map { category in
    "\(category)".reduce(into: "") { name, letter in
      name += (letter.isUppercase ? "_" : "") + letter.lowercased()
    }
  }
}

/// Bytes alive in each category at one moment.
public struct MemoryUse: Hashable, Sendable {
  /// By ``MemoryCategory/rawValue``; a lane that has no category is 0.
  @usableFromInline var bytes = SIMD8<Int>()

  public init() {}

  /// Bytes alive in all categories together.
  @inlinable public var total: Int { bytes.wrappedSum() }

  @inlinable public subscript(category: MemoryCategory) -> Int {
    get { bytes[category.rawValue] }
    set { bytes[category.rawValue] = newValue }
  }

  /// Raises each category to what `other` has alive in it, if that is more.
  @inlinable public mutating func formMaximum(_ other: MemoryUse) {
    bytes = pointwiseMax(bytes, other.bytes)
  }

  /// A number that differs between most states; the same in every process.
  @inlinable public var digest: UInt {
    var digest: UInt = 0
    for lane in 0..<8 {
      digest = (digest ^ UInt(bitPattern: bytes[lane])) &* 0x9E37_79B9_7F4A_7C15
      digest ^= digest >> 29
    }
    return digest
  }

  @inlinable public static func == (a: MemoryUse, b: MemoryUse) -> Bool { a.bytes == b.bytes }
}

// The categories that code speaks of by name.
extension MemoryUse {
  @inlinable public var weights: Int {
    get { self[.weights] }
    set { self[.weights] = newValue }
  }
  @inlinable public var weightsDequantized: Int {
    get { self[.weightsDequantized] }
    set { self[.weightsDequantized] = newValue }
  }
  @inlinable public var kvCache: Int {
    get { self[.kvCache] }
    set { self[.kvCache] = newValue }
  }
  @inlinable public var activations: Int {
    get { self[.activations] }
    set { self[.activations] = newValue }
  }
  @inlinable public var workspace: Int {
    get { self[.workspace] }
    set { self[.workspace] = newValue }
  }
  @inlinable public var logits: Int {
    get { self[.logits] }
    set { self[.logits] = newValue }
  }
}
