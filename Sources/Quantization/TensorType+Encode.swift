import CKernels

extension TensorType {
  /// Packs float32 values into blocks: the same bytes on every machine, and for `q4_0`, `q4_1`,
  /// `q5_0`, `q5_1` and `q8_0` those of the `gguf` Python package. `q4_k`, `q5_k` and `q6_k` search for
  /// the scales that lose least; `nf4` and `fp4` round as bitsandbytes does.
  ///
  /// - Parameters:
  ///   - values: a whole number of blocks.
  ///   - bytes: where the blocks go, exactly as many as the values take.
  /// - Throws: ``QuantizationError``: a type that cannot be written, sizes that do not match, or a
  ///   value that the type cannot hold; what is in `bytes` then is not to be used.
  public func encode(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(QuantizationError) {
    guard canEncode else { throw .cannotEncode(type: self) }
    try check(values: values.count, bytes: bytes.count)
    guard let source = values.baseAddress, let target = bytes.baseAddress else { return }
    let stored = nibble_encode(rawValue, source, target, values.count)
    guard stored < values.count else { return }
    throw values[stored].isFinite
      ? .tooLarge(type: self, index: stored, value: values[stored])
      : .notFinite(type: self, index: stored)
  }

  /// The packed blocks of some values.
  ///
  /// - Throws: as ``encode(_:into:)``.
  public func encode(_ values: [Float]) throws(QuantizationError) -> [UInt8] {
    guard let count = byteCount(of: values.count) else {
      throw .notWholeBlocks(type: self, values: values.count)
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: QuantizationError?
    values.withUnsafeBufferPointer { source in
      bytes.withUnsafeMutableBytes { target in
        do throws(QuantizationError) {
          try encode(source, into: target)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
