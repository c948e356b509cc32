import CKernels

/// The scales of nf4 and fp4 as a file has them: quantized themselves, to eight bits, 256 at a time
/// ("double quantization", QLoRA, arXiv:2305.14314).
///
/// `absmax[i] = value(codes[i]) × nested[i / 256] + offset`, as bitsandbytes computes it. The offset
/// is the mean of all scales, as PyTorch computes it on one thread.
public struct NestedScales: Equatable, Sendable {
  /// Scales that share one of ``nested``.
  public static let groupSize = 256

  /// One a block.
  public var codes: [UInt8]
  /// One for each ``groupSize`` blocks: the largest magnitude of what is left without the offset.
  public var nested: [Float]
  public var offset: Float

  public init(codes: [UInt8], nested: [Float], offset: Float) {
    self.codes = codes
    self.nested = nested
    self.offset = offset
  }

  /// Quantizes scales.
  public init(quantizing scales: [Float]) {
    offset = CascadeSum.mean(scales)
    nested = []
    codes = []
    codes.reserveCapacity(scales.count)
    for first in stride(from: 0, to: scales.count, by: Self.groupSize) {
      let group = scales[first..<min(first + Self.groupSize, scales.count)].map { $0 - offset }
      let largest = group.map(\.magnitude).max() ?? 0
      nested.append(largest)
      codes += group.map { nibble_nested_code(largest > 0 ? $0 / largest : 0) }
    }
  }

  /// The scale of a block.
  ///
  /// - Precondition: the block has a code, and its group a scale.
  public func scale(of block: Int) -> Float {
    nibble_nested_value(codes[block]) * nested[block / Self.groupSize] + offset
  }
}
