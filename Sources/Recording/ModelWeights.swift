import ModelFiles
import Quantization
import TraceStore

/// The weights of a trace's model file, for queries. What the trace says of the model is read, and the
/// file looked for, when the first is asked for; it must be the one that was recorded.
public final class ModelWeights: RecordedWeights {
  private let trace: Trace
  private let modelName: String?
  /// By their names.
  private var tensors: [String: TraceTensor]?
  private var openFile: ModelFile?
  /// The block that was asked for last.
  private var block: WeightBlock?

  /// - Parameter modelName: the model or file to take in place of the one that the trace names.
  public init(of trace: Trace, named modelName: String?) {
    self.trace = trace
    self.modelName = modelName
  }

  public func weight(tensor name: String, row: Int, col: Int) throws -> RecordedWeight {
    guard let recorded = try recordedTensors()[name] else {
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
    let size = try file.type(of: tensor).blockSize
    let value = row * tensor.cols + col
    let block = try block(value / size, of: tensor, in: file)
    let (anatomy, index) = (block.anatomy, value % size)
    let sub = anatomy.subBlock(of: index)
    return RecordedWeight(
      value: anatomy.values[index],
      nibble: anatomy.quants.isEmpty ? nil : anatomy.quants[index],
      scale: sub?.scale ?? anatomy.scale,
      minimum: sub?.minimum.map { anatomy.minimumIsSubtracted ? -$0 : $0 },
      offset: block.offset)
  }

  private func recordedTensors() throws -> [String: TraceTensor] {
    if let tensors { return tensors }
    let found = Dictionary(
      try trace.tensors().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    tensors = found
    return found
  }

  private func block(
    _ number: Int, of tensor: StoredTensor, in file: ModelFile
  ) throws -> WeightBlock {
    if let block, block.number == number, block.tensor.name == tensor.name { return block }
    let found = try file.block(number, of: tensor)
    block = found
    return found
  }

  private func file() throws -> ModelFile {
    if let openFile { return openFile }
    let meta = try trace.meta()
    do {
      let (path, _) = try RecordedModel.find(meta: meta, named: modelName)
      let file = try ModelFile(path: path)
      openFile = file
      return file
    } catch {
      throw WeightFailure("this reads the model file, and \(Self.advice(error))")
    }
  }

  /// What is wrong with the model file, and what to do.
  private static func advice(_ error: any Error) -> String {
    switch error as? RecordingError {
    case .otherModelFile(let path):
      "\(path) is another than was recorded (its SHA-256 differs); name that one with -m, or record "
        + "the trace again"
    case .absentModel(let name, let path, let command):
      "the model '\(name)' is not there (\(path)); "
        + (command.map { "`\($0)` brings it, or " } ?? "") + "name the file with -m"
    case .unknownModel(let name, _):
      "'\(name)' is not there; name the file with -m"
    case .unnamedModelFile:
      "the trace does not say which that is; name it with -m"
    default:
      "it cannot be read: \(error)"
    }
  }
}

/// Why a weight cannot be told, in a sentence or two.
struct WeightFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
