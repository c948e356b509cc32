/// What can go wrong between a command and a recording.
public enum RecordingError: Error, CustomStringConvertible {
  case unknownModel(String, names: [String])
  case absentModel(name: String, path: String, command: String?)
  case badOption(String)
  case unreadable(path: String, problem: String)
  case noMemoryFigures(reason: String)
  /// A trace says nothing of its model file.
  case unnamedModelFile
  /// A model file is not the one that a trace was recorded from.
  case otherModelFile(path: String)
  /// A file that was named as the unquantized model is not that.
  case notTheOriginal(path: String, reason: String)
  /// A trace cannot be recomputed.
  case notRecomputable(trace: String, reason: String)

  public var description: String {
    switch self {
    case .unknownModel(let model, let names):
      "There is no model file '\(model)', and no model of that name "
        + "(\(names.joined(separator: ", "))); `nibble models` lists them."
    case .absentModel(let name, let path, let command):
      "The model '\(name)' is not there (\(path)); "
        + (command.map { "`\($0)` brings it." } ?? "nibble was not installed whole.")
    case .badOption(let problem):
      problem
    case .unreadable(let path, let problem):
      "\(path): \(problem)."
    case .noMemoryFigures(let reason):
      "The memory cannot be checked, because \(reason); leave --check-memory out."
    case .unnamedModelFile:
      "The trace does not say which model file it is of; name it with -m."
    case .otherModelFile(let path):
      "\(path) is another file than the one the trace was recorded from: its SHA-256 differs."
    case .notTheOriginal(let path, let reason):
      "\(path) is not this model before it was quantized: \(reason)."
    case .notRecomputable(let trace, let reason):
      "\(trace) cannot be recomputed, because \(reason)."
    }
  }
}
