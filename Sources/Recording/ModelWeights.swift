import GGUF
import Quantization
import TraceStore

/// The weights of a trace's model file, for queries. The file is looked for when the first is asked
/// for, and must be the one that was recorded.
public final class ModelWeights: RecordedWeights {
  private let meta: [String: String]
  private let tensors: [String: TraceTensor]
  private let modelName: String?
  private var openFile: GGUFFile?
  /// The block that was asked for last.
  private var block: (tensor: String, number: Int, anatomy: BlockAnatomy)?

  /// - Parameter modelName: the model or file to take in place of the one that the trace names.
  public init(of trace: Trace, named modelName: String?) throws(TraceError) {
    meta = try trace.meta()
    tensors = Dictionary(
      try trace.tensors().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.modelName = modelName
  }

  public func weight(tensor name: String, row: Int, col: Int) throws -> RecordedWeight {
    guard let recorded = tensors[name] else {
      throw WeightFailure("the trace has no tensor '\(name)'")
    }
    guard (0..<recorded.rows).contains(row), (0..<recorded.cols).contains(col) else {
      throw WeightFailure(
        "\(name) is \(recorded.rows) by \(recorded.cols); it has no (\(row), \(col)), which count "
          + "from 0")
    }
    let file = try file()
    guard let tensor = file.tensor(named: name), tensor.rows == recorded.rows,
      tensor.cols == recorded.cols, tensor.fileOffset == recorded.fileOffset,
      tensor.typeName.lowercased() == recorded.type.lowercased()
    else {
      throw WeightFailure("\(file.path) has no '\(name)' like the one that was recorded")
    }
    let type = try file.type(of: tensor)
    let number = (row * tensor.cols + col) / type.blockSize
    let index = (row * tensor.cols + col) % type.blockSize
    let anatomy = try anatomy(of: tensor, type, block: number, in: file)
    let sub = anatomy.subBlock(of: index)
    return RecordedWeight(
      value: anatomy.values[index],
      nibble: anatomy.quants.isEmpty ? nil : anatomy.quants[index],
      scale: sub?.scale ?? anatomy.scale,
      minimum: sub?.minimum.map { anatomy.minimumIsSubtracted ? -$0 : $0 },
      offset: tensor.fileOffset(ofBlock: number))
  }

  private func anatomy(
    of tensor: GGUFTensor, _ type: TensorType, block number: Int, in file: GGUFFile
  ) throws -> BlockAnatomy {
    if let block, block.number == number, block.tensor == tensor.name { return block.anatomy }
    let start = number * type.blockBytes
    let bytes = file.bytes(of: tensor)
    let anatomy = try type.anatomy(
      of: UnsafeRawBufferPointer(rebasing: bytes[start..<start + type.blockBytes]))
    block = (tensor.name, number, anatomy)
    return anatomy
  }

  private func file() throws -> GGUFFile {
    if let openFile { return openFile }
    do {
      let (path, _) = try ModelFile.find(meta: meta, named: modelName)
      let file = try GGUFFile(path: path)
      openFile = file
      return file
    } catch {
      throw WeightFailure("this reads the model file. \(error) Name the file with -m.")
    }
  }
}

/// Why a weight cannot be told, in a sentence or two.
struct WeightFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
