import Basics
import Events

/// What can go wrong between a model file and its logits.
public enum InferenceError: Error, CustomStringConvertible {
  case unknownArchitecture(String, path: String)
  case badMetadata(key: String, problem: String, path: String)
  case missingTensor(String, path: String)
  case wrongShape(tensor: String, expected: [Int], found: [Int], path: String)
  case unusableType(tensor: String, type: String, path: String)
  case notFinite(tensor: String, path: String)
  /// An operation computed an infinity or a NaN, the first at this place of its result.
  case notFiniteOutput(op: String, value: Float, row: Int, column: Int)
  case emptyPrompt
  case contextFull(needed: Int, context: Int)
  case tokenOutOfRange(Int, vocabulary: Int)
  case unusableKVType(String, headSize: Int)
  case overflow(layer: Int, position: Int, type: String)
  case badOption(String)
  case outOfMemory(bytes: Int, buffer: String)
  case overBudget(AllocationFailure)
  case noThreads(Int)
  case interrupted

  public var description: String {
    switch self {
    case .unknownArchitecture(let name, let path):
      "\(path): the architecture '\(name)' is not one that nibble runs "
        + "(\(architectureNames.joined(separator: ", ")))."
    case .badMetadata(let key, let problem, let path):
      "\(path): the metadata key '\(key)' \(problem)."
    case .missingTensor(let name, let path):
      "\(path): the tensor '\(name)' is missing; the file is not a whole model."
    case .wrongShape(let tensor, let expected, let found, let path):
      "\(path): the tensor '\(tensor)' is \(shape(found)) where the metadata asks for "
        + "\(shape(expected))."
    case .unusableType(let tensor, let type, let path):
      "\(path): the tensor '\(tensor)' is of type \(type), which nibble cannot compute with."
    case .notFinite(let tensor, let path):
      "\(path): the tensor '\(tensor)' holds numbers that cannot be (an infinity, a NaN, a factor "
        + "that is not positive); the file is damaged."
    case .notFiniteOutput(let op, let value, let row, let column):
      "The result of '\(op)' is not finite ("
        + (value.isNaN ? "NaN" : value < 0 ? "-infinity" : "infinity")
        + " in row \(row), column \(column)); the model file is damaged, or its numbers are too "
        + "large for float32."
    case .emptyPrompt:
      "The prompt has no tokens; give some text with -p."
    case .contextFull(let needed, let context):
      "The prompt needs \(needed) positions, but this model's context is \(context) tokens; "
        + "shorten the prompt."
    case .tokenOutOfRange(let id, let vocabulary):
      "Token \(id) is not in the vocabulary of this model (0 to \(vocabulary - 1))."
    case .unusableKVType(let type, let headSize):
      "A KV cache of type \(type) needs a head size that is a multiple of 32, "
        + "and this model's is \(headSize); use f16."
    case .overflow(let layer, let position, let type):
      "At position \(position) layer \(layer) computed a key or value that \(type) cannot hold; "
        + "try another --kv-type, or check the model file."
    case .badOption(let problem):
      problem
    case .outOfMemory(let bytes, let buffer):
      "The system has no \(formatBytes(bytes)) left for '\(buffer)'; "
        + "shorten the prompt or split it with --ubatch."
    case .overBudget(let failure):
      failure.sentence + "; " + failure.category.advice + "."
    case .noThreads(let count):
      "The system did not start \(count) threads; try fewer with --threads."
    case .interrupted:
      "Interrupted."
    }
  }

  /// True if the trace of a run that it ended holds what led to it, in a pass that did not finish.
  public var leavesItsPass: Bool {
    switch self {
    case .overBudget, .notFiniteOutput: true
    default: false
    }
  }

  private func shape(_ dimensions: [Int]) -> String {
    "(" + dimensions.map(String.init).joined(separator: ", ") + ")"
  }
}
