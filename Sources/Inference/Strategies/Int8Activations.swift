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
    (scales, values) = CPU.int8(x)
  }
}
