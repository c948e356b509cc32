import CKernels

/// One row of activations as `int4-gemm` rounds it: `x[i] ≈ scales[i / 32] * values[i]`.
public struct Int8Activations: Sendable {
  /// One for each 32 values.
  public let scales: [Float]
  /// -127 to 127.
  public let values: [Int8]

  /// Rounds with the kernel that the strategy itself uses.
  ///
  /// - Precondition: the count of `x` is a multiple of 32.
  public init(_ x: [Float]) {
    precondition(x.count % 32 == 0, "whole blocks of 32")
    let empty = nibble_int8_block()
    var blocks = [nibble_int8_block](repeating: empty, count: x.count / 32)
    x.withUnsafeBufferPointer { source in
      blocks.withUnsafeMutableBufferPointer { target in
        nibble_int8_quantize(source.baseAddress, x.count, 1, x.count, target.baseAddress)
      }
    }
    scales = blocks.map(\.d)
    values = blocks.flatMap { block in
      withUnsafeBytes(of: block.q) { $0.map { Int8(bitPattern: $0) } }
    }
  }
}
