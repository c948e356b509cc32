/// Why a command of the debugger could not be done; each says what to type instead.
public enum DebuggerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No command has this name.
  case unknownCommand(name: String)
  /// Several commands begin like this.
  case ambiguousCommand(name: String, matches: [String])
  /// An argument is not what the command takes.
  case badArgument(command: String, found: String, expected: String)
  /// A command needs an argument.
  case missingArgument(command: String, expected: String)
  /// Something is asked about that is not there at this step.
  case nothingHere(what: String, step: Int, advice: String)
  /// An expression names nothing that is known.
  case unknownName(name: String, advice: String)
  /// An object has no such field.
  case unknownField(object: String, field: String, known: [String])
  /// The values of an operation are not in the trace.
  case notCaptured(name: String)
  /// A slice does not fit what it is taken of.
  case badSlice(slice: String, name: String, reason: String)
  /// The trace holds no step.
  case emptyTrace(path: String)
  /// A command file cannot be read.
  case unreadable(path: String, reason: String)
  /// A command draws on a terminal, and there is none that it could draw on.
  case noScreen(command: String, reason: String, advice: String)
  /// Results could not be written.
  case cannotWrite(reason: String)
  /// A command of a file failed, which ends the file.
  case inFile(path: String, line: Int, reason: String)

  public var description: String {
    switch self {
    case .unknownCommand(let name):
      "Undefined command: \"\(name)\". Try \"help\"."
    case .ambiguousCommand(let name, let matches):
      "Ambiguous command \"\(name)\": \(matches.joined(separator: ", "))."
    case .badArgument(let command, let found, let expected):
      "\(command) takes \(expected), not \"\(found)\"; \"help \(command)\" says more."
    case .missingArgument(let command, let expected):
      "\(command) needs \(expected); \"help \(command)\" says more."
    case .nothingHere(let what, let step, let advice):
      "There is no \(what) at step \(step); \(advice)."
    case .unknownName(let name, let advice):
      "Nothing here is called \"\(name)\"; \(advice)."
    case .unknownField(let object, let field, let known):
      "\(object) has no \"\(field)\"; it has \(known.joined(separator: ", "))."
    case .notCaptured(let name):
      "The values of \(name) are not in this trace; "
        + "record them with `nibble record --capture values`."
    case .badSlice(let slice, let name, let reason):
      "\(slice) does not fit \(name): \(reason)."
    case .emptyTrace(let path):
      "\(path): the trace holds no step; record it again."
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason))."
    case .noScreen(let command, let reason, let advice):
      "\(command) needs a terminal to draw on, and \(reason); \(advice)."
    case .cannotWrite(let reason):
      "standard output: \(reason)."
    case .inFile(let path, let line, let reason):
      "\(path):\(line): \(reason)"
    }
  }
}
