import ModelFiles
import Quantization

/// A model whose weights stay packed in the mapped file.
public final class Model: Sendable {
  public let file: ModelFile
  public let config: ModelConfig
  /// Every tensor of the file, in its order; the index is the tensor's id in a trace.
  public let tensors: [WeightTensor]
  /// Names of the tensors that the forward pass does not use.
  public let unusedTensors: [String]
  let architecture: any Architecture
  /// The matrices that the forward pass uses, each once, in the order in which it comes to them.
  let matrices: [Weight]
  /// Those of each layer but for its experts.
  let matricesByLayer: [[Weight]]
  /// Bytes of the vectors that are not f32 in the file and were made so when it was opened.
  let convertedBytes: Int

  /// Binds the tensors of `file` to the places where the forward pass uses them.
  ///
  /// - Throws: `InferenceError` where the architecture, a type or a shape is not what the
  ///   forward pass needs; `GGUFError` for metadata that is missing.
  public init(file: ModelFile) throws {
    let family = try Self.family(of: file)
    let reader = try ModelReader(file)
    architecture = try family.init(reader)
    self.file = file
    config = reader.config
    matrices = reader.matrices
    matricesByLayer = (0..<config.layerCount).map { il in
      reader.matrices.filter { $0.layer == il && $0.experts == nil }
    }
    convertedBytes = reader.vectors.reduce(0) { $0 + $1.ownedBytes }
    tensors = file.tensors.map {
      WeightTensor(
        name: $0.name, type: $0.typeName, rows: $0.rows, cols: $0.cols, bytes: $0.byteCount,
        fileOffset: $0.fileOffset)
    }
    unusedTensors = reader.unusedTensors
  }

  /// Names of the tensors of `file` that the forward pass does not use; no weight is read for that.
  ///
  /// - Throws: as ``init(file:)``, except for what is wrong with values.
  public static func unusedTensors(of file: ModelFile) throws -> [String] {
    let family = try family(of: file)
    let reader = try ModelReader(file, checksValues: false)
    _ = try family.init(reader)
    return reader.unusedTensors
  }

  private static func family(of file: ModelFile) throws -> any Architecture.Type {
    let name = try file.metadata.string("general.architecture")
    guard let family = architectures.first(where: { $0.names.contains(name) }) else {
      throw InferenceError.unknownArchitecture(name, path: file.path)
    }
    return family
  }

  /// True if tokens go through some of a layer's matrices, which a router chooses.
  public var hasExperts: Bool { matrices.contains { $0.experts != nil } }
  /// Bytes of all packed tensors in the file.
  public var packedBytes: Int { tensors.reduce(0) { $0 + $1.bytes } }
  /// Bytes of all packed tensors in memory: more than in the file where the nested scales of nf4
  /// and fp4 are resolved.
  public var residentBytes: Int { file.mappedBytes + file.resolvedBytes }
  /// Whether a matrix is where the file is mapped.
  func isMapped(_ weight: Weight) -> Bool { file.tensors[weight.index].isMapped }
  /// Bytes of all quantized matrices as f16, and of the other tensors as they are: what
  /// dequantizing the whole model would take in place of ``packedBytes``.
  public var float16Bytes: Int {
    tensors.reduce(0) { sum, tensor in
      let quantized = TensorType(name: tensor.type)?.isQuantized ?? false
      return sum + (quantized ? tensor.rows * tensor.cols * 2 : tensor.bytes)
    }
  }

  /// Gives the pages of some rows of a matrix, by default all, in the mapped file back to the
  /// system, until they are read again.
  func releasePages(of weight: Weight, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<weight.rows
    file.releasePages(
      of: file.tensors[weight.index],
      rows: weight.firstRow + rows.lowerBound..<weight.firstRow + rows.upperBound)
  }

  /// Bytes of the largest tile of at most `rows` rows; 0 where no matrix is quantized.
  func largestTile(rows: Int) -> Int {
    matrices.filter(\.type.isQuantized).map { $0.tileBytes(rows: min(rows, $0.sliceRows)) }.max()
      ?? 0
  }
}
