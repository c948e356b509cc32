import Basics
import Quantization

/// What can go wrong with a GGUF file. Each case carries the file, and where it applies the place
/// in it, what was expected and what was found; its `description` is one sentence for a person.
public enum GGUFError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or mapped; `reason` is the system's.
  case cannotOpen(path: String, reason: String)
  /// A directory, a device, a pipe.
  case notAFile(path: String, found: String)
  /// No bytes at all.
  case empty(path: String)
  /// Another kind of file; `found` says which where its first bytes tell.
  case notGGUF(path: String, found: String)
  /// GGUF for big-endian machines.
  case bigEndian(path: String)
  /// A version of GGUF other than 2 and 3.
  case unsupportedVersion(path: String, version: Int)
  /// The file ends before something that it says it holds. `offset` is where that starts.
  case truncated(path: String, what: String, offset: Int, expected: Int, found: Int)
  /// Something in the file contradicts the format or the rest of the file.
  case invalid(path: String, what: String, offset: Int, expected: String, found: String)
  /// The metadata lack a key that is needed.
  case missingKey(path: String, key: String)
  /// A metadata value has another type, or a value that cannot be used.
  case wrongValue(path: String, key: String, expected: String, found: String)
  /// A tensor that is needed is not there.
  case missingTensor(path: String, name: String)
  /// A pattern was given for tensors' names, and none matches it.
  case noTensorMatches(path: String, pattern: String)
  /// A tensor's data are needed, and nibble cannot decode their type.
  case unsupportedType(path: String, tensor: String, type: String)
  /// Data of a tensor cannot be turned into another type.
  case quantization(path: String, tensor: String, error: QuantizationError)
  /// What was done with the file was cancelled. Nothing was left behind.
  case interrupted(path: String)
  /// What is to be written is no valid GGUF file, such as one with the same name twice.
  case cannotDescribe(path: String, what: String)

  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "\(path): cannot be opened: \(reason)."
    case .notAFile(let path, let found):
      "\(path): is \(found), not a GGUF file."
    case .empty(let path):
      "\(path): is empty; perhaps a download that never started."
    case .notGGUF(let path, let found):
      "\(path): is not a GGUF file; it seems to be \(found)."
    case .bigEndian(let path):
      "\(path): is a GGUF file for big-endian machines; "
        + "the gguf package's gguf-convert-endian turns it into a little-endian one."
    case .unsupportedVersion(let path, let version):
      "\(path): is GGUF version \(version), and nibble reads versions 2 and 3; "
        + (version < 2 ? "convert the model again." : "a newer nibble may read it.")
    case .truncated(let path, let what, let offset, let expected, let found):
      "\(path): ends too soon: \(what) at byte \(offset) takes \(expected) bytes and the file has "
        + "\(found) there, \(expected - found) too few; fetch or write it again."
    case .invalid(let path, let what, let offset, let expected, let found):
      "\(path): is damaged: \(what) at byte \(offset) should be \(expected), not \(found)."
    case .missingKey(let path, let key):
      "\(path): has no metadata key \(key), which is needed here."
    case .wrongValue(let path, let key, let expected, let found):
      "\(path): metadata key \(key) should be \(expected), not \(found)."
    case .missingTensor(let path, let name):
      "\(path): has no tensor \(name), which is needed here."
    case .noTensorMatches(let path, let pattern):
      "\(path): has no tensor whose name matches '\(pattern)'; `nibble inspect` lists its tensors."
    case .unsupportedType(let path, let tensor, let type):
      "\(path): tensor \(tensor) is stored as \(type), which nibble cannot decode; it decodes "
        + TensorType.allCases.map(\.name).joined(separator: ", ") + "."
    case .quantization(let path, let tensor, let error):
      "\(path): tensor \(tensor): \(error)"
    case .interrupted(let path):
      "\(path): interrupted before its end; nothing was written."
    case .cannotDescribe(let path, let what):
      "\(path): cannot be written as GGUF: \(what)."
    }
  }
}
