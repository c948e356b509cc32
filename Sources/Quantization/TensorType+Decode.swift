import CKernels

extension TensorType {
  /// Turns packed blocks into float32 values, bit for bit as the `gguf` Python package does.
  ///
  /// - Parameters:
  ///   - bytes: whole blocks, exactly those of `values.count` values.
  ///   - values: where the values go.
  /// - Throws: ``QuantizationError/notWholeBlocks(type:values:)`` or
  ///   ``QuantizationError/wrongByteCount(type:expected:found:)``.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantizationError) {
    try check(values: values.count, bytes: bytes.count)
    guard let source = bytes.baseAddress, let target = values.baseAddress else { return }
    nibble_dequantize_f32(rawValue, source, target, values.count)
  }

  /// Turns packed blocks into float16 bit patterns: the float32 values, each rounded to nearest.
  ///
  /// - Throws: as ``decode(_:into:)``.
  public func decodeHalf(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<UInt16>
  ) throws(QuantizationError) {
    try check(values: values.count, bytes: bytes.count)
    guard let source = bytes.baseAddress, let target = values.baseAddress else { return }
    nibble_dequantize_f16(rawValue, source, target, values.count)
  }

  /// The values of packed blocks.
  ///
  /// - Throws: ``QuantizationError/wrongByteCount(type:expected:found:)`` if `bytes` is no whole
  ///   number of blocks.
  public func decode(_ bytes: UnsafeRawBufferPointer) throws(QuantizationError) -> [Float] {
    let blocks = bytes.count / blockBytes
    guard bytes.count == blocks * blockBytes else {
      throw .wrongByteCount(
        type: self, expected: (blocks + 1) * blockBytes, found: bytes.count)
    }
    var values = [Float](repeating: 0, count: blocks * blockSize)
    if let source = bytes.baseAddress {
      values.withUnsafeMutableBufferPointer { target in
        guard let target = target.baseAddress else { return }
        nibble_dequantize_f32(rawValue, source, target, blocks * blockSize)
      }
    }
    return values
  }

  /// An upper bound of the magnitude of the values, from the scales alone where there are any;
  /// infinity if a scale or a value is not finite.
  ///
  /// - Throws: as ``decode(_:)``.
  public func magnitudeBound(_ bytes: UnsafeRawBufferPointer) throws(QuantizationError) -> Float {
    let blocks = bytes.count / blockBytes
    guard bytes.count == blocks * blockBytes else {
      throw .wrongByteCount(
        type: self, expected: (blocks + 1) * blockBytes, found: bytes.count)
    }
    guard let source = bytes.baseAddress else { return 0 }
    return nibble_magnitude_bound(rawValue, source, blocks * blockSize)
  }

  /// Throws unless `values` is a whole number of blocks and `bytes` is what they take.
  func check(values: Int, bytes: Int) throws(QuantizationError) {
    guard let expected = byteCount(of: values) else {
      throw .notWholeBlocks(type: self, values: values)
    }
    guard bytes == expected else {
      throw .wrongByteCount(type: self, expected: expected, found: bytes)
    }
  }
}
