import ModelFiles
import Quantization
import TraceStore

/// A model before its weights were packed: what packing changed is measured against it.
struct OriginalWeights {
  let path: String
  private let packed: ModelFile
  private let original: ModelFile

  /// - Parameters:
  ///   - name: a name of the catalogue or a path.
  ///   - loaded: the packed model.
  /// - Throws: `RecordingError`, among them `notTheOriginal`, and `GGUFError`.
  init(_ name: String, of loaded: LoadedModel) throws {
    path = try ModelCatalogue.path(of: name)
    original = try ModelFile(path: path)
    packed = try ModelFile(path: loaded.path)
    for tensor in loaded.model.tensors {
      try original.unquantizedTensor(tensor.name, rows: tensor.rows, cols: tensor.cols)
    }
  }

  /// What packing changed in some rows of a tensor.
  ///
  /// - Throws: `GGUFError`, `QuantizationError`, `RecordingError.notTheOriginal`.
  func error(of name: String, rows: Range<Int>) throws -> QuantizationStatistics {
    guard let tensor = packed.tensor(named: name) else {
      throw RecordingError.notTheOriginal(path: path, reason: "the packed model has no '\(name)'")
    }
    let before = try original.unquantizedTensor(name, rows: tensor.rows, cols: tensor.cols)
    let values = try original.type(of: before).decode(original.bytes(of: before, rows: rows))
    let stored = try packed.type(of: tensor).decode(packed.bytes(of: tensor, rows: rows))
    var statistics = QuantizationStatistics()
    values.withUnsafeBufferPointer { values in
      stored.withUnsafeBufferPointer { statistics.add(values, stored: $0) }
    }
    return statistics
  }
}

extension ModelFile {
  /// The tensor of a name and shape, `(rows, cols)`, in a model before it was quantized.
  ///
  /// - Throws: `RecordingError.notTheOriginal` where there is no unquantized one.
  @discardableResult
  public func unquantizedTensor(_ name: String, rows: Int, cols: Int) throws -> StoredTensor {
    func refuse(_ reason: String) -> RecordingError {
      .notTheOriginal(path: path, reason: reason)
    }
    guard let tensor = tensor(named: name) else { throw refuse("it has no tensor '\(name)'") }
    guard tensor.rows == rows, tensor.cols == cols else {
      throw refuse("its '\(name)' is \(tensor.rows) by \(tensor.cols), not \(rows) by \(cols)")
    }
    guard let type = tensor.type, !type.isQuantized else {
      throw refuse("its '\(name)' is of type \(tensor.typeName), and not of F32, F16 or BF16")
    }
    return tensor
  }
}
