import Basics
import Events
import TraceStore

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
  /// A move that chooses a place or a frame finds no other.
  case cannotMove(reason: String)
  /// An expression names nothing that is known.
  case unknownName(name: String, advice: String)
  /// A name is that of something which the command does not take.
  case otherKind(name: String, kind: String, advice: String)
  /// An object has no such field.
  case unknownField(object: String, field: String, known: [String])
  /// The values of an operation are not in the trace, and cannot be recomputed.
  case notCaptured(name: String, reason: String)
  /// What is asked for is in the model file alone, and that is not there or another.
  case needsModel(reason: String)
  /// An expression cannot be read.
  case badExpression(expression: String, character: Int, reason: String)
  /// An expression calls a function that there is not.
  case unknownFunction(name: String, known: [String])
  /// What is to be calculated with is no number.
  case notANumber(name: String, reason: String)
  /// A slice does not fit what it is taken of.
  case badSlice(slice: String, name: String, reason: String)
  /// The trace holds no step.
  case emptyTrace(path: String)
  /// A command needs a run that goes on.
  case notLive(command: String)
  /// No checkpoint has this number.
  case noCheckpoint(number: Int)
  /// A text is not one token.
  case notOneToken(text: String, ids: [Int])
  /// An allocation of a live run would have passed the memory budget.
  case overBudget(AllocationFailure, fitting: [String])
  /// A result of a live run is not finite.
  case notFinite(sentence: String, advice: String)
  /// A command file cannot be read.
  case unreadable(path: String, reason: String)
  /// A file cannot be written.
  case unwritable(path: String)
  /// A command draws on a terminal, and there is none that it could draw on.
  case noScreen(command: String, reason: String, advice: String)
  /// Results could not be written.
  case cannotWrite(reason: String)
  /// A command of a file failed, which ends the file.
  case inFile(path: String, line: Int, reason: String)
  /// ^C came, and what was to follow is not done.
  case interrupted
  /// ^C ended a search; the cursor has not moved.
  case searchInterrupted(step: Int)
  /// The lines of a command ended before its `end`.
  case unfinishedBlock(command: String)
  /// A file of commands goes on to do itself.
  case sourcedTooDeep(path: String)
  /// A command made with `define` goes on to do itself.
  case tooDeep(name: String)
  /// A command of the shell failed.
  case shell(command: String, reason: String)

  public var description: String {
    switch self {
    case .unknownCommand(let name):
      "Undefined command: \"\(name)\". Try \"help\"."
    case .ambiguousCommand(let name, let matches):
      "Ambiguous command \"\(name)\": \(matches.joined(separator: ", "))."
    case .badArgument(let command, let found, let expected):
      "\(command) takes \(expected), not \"\(found)\"; \"help \(Self.name(command))\" says more."
    case .missingArgument(let command, let expected):
      "\(command) needs \(expected); \"help \(Self.name(command))\" says more."
    case .nothingHere(let what, let step, let advice):
      "There is no \(what) at step \(step); \(advice)."
    case .cannotMove(let reason): reason
    case .unknownName(let name, let advice):
      "Nothing here is called \"\(name)\"; \(advice)."
    case .otherKind(let name, let kind, let advice):
      "\(name) is \(kind); \(advice)."
    case .unknownField(let object, let field, let known):
      "\(object) has no \"\(field)\"; it has \(known.joined(separator: ", "))."
    case .notCaptured(let name, let reason):
      "The values of \(name) are not in this trace, and cannot be recomputed ("
        + (reason.hasSuffix(".") ? String(reason.dropLast()) : reason)
        + "); record them with `nibble record --capture values`."
    case .needsModel(let reason):
      "This is in the model file alone: " + (reason.hasSuffix(".") ? reason : reason + ".")
    case .badExpression(let expression, let character, let reason):
      "In \"\(expression)\", at character \(character): \(reason)."
    case .unknownFunction(let name, let known):
      "There is no function \"\(name)\"; there are \(known.joined(separator: ", "))."
    case .notANumber(let name, let reason):
      "\(name) is no number: \(reason)."
    case .badSlice(let slice, let name, let reason):
      "\(slice) does not fit \(name): \(reason)."
    case .emptyTrace(let path):
      "\(path): the trace holds no step; record it again."
    case .notLive(let command):
      "\(command) needs a live run, and this is a recording; "
        + "`nibble step -m MODEL -p PROMPT` starts one."
    case .noCheckpoint(let number):
      "There is no checkpoint \(number); \"info checkpoints\" lists them."
    case .notOneToken(let text, let ids):
      "\(quoted(text)) is \(ids.isEmpty ? "no" : String(ids.count)) tokens"
        + (ids.isEmpty ? "" : " (\(ids.map(String.init).joined(separator: ", ")))")
        + " where one is needed; a leading space often belongs to a word's token."
    case .overBudget(let failure, let fitting):
      failure.sentence + "; "
        + (fitting.isEmpty
          ? "no strategy needs so little, and \"set memory-budget\" can give more."
          : "with \"set strategy\" the next pass can run: \(fitting.joined(separator: ", ")).")
    case .notFinite(let sentence, let advice):
      "\(sentence) Type \(advice)."
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason))."
    case .unwritable(let path):
      "\(path): cannot be written; name a file in a folder that can be."
    case .noScreen(let command, let reason, let advice):
      "\(command) needs a terminal to draw on, and \(reason); \(advice)."
    case .cannotWrite(let reason):
      "standard output: \(reason)."
    case .inFile(let path, let line, let reason):
      "\(path):\(line): \(reason)"
    case .interrupted:
      "Interrupted; what was to follow is not done."
    case .searchInterrupted(let step):
      "The search was interrupted; you are still at step \(step)."
    case .unfinishedBlock(let command):
      "\(command) was given up: its lines did not come to an \"end\"."
    case .sourcedTooDeep(let path):
      "\(path) does itself without end; take out the line that does."
    case .tooDeep(let name):
      "\(name) does itself without end; \"define \(name)\" makes it anew."
    case .shell(let command, let reason):
      "The shell command '\(command)' \(reason)."
    }
  }
}

extension DebuggerError {
  /// The command of a message, without what stands after it: `break` for `break any`.
  fileprivate static func name(_ command: String) -> String {
    let word = command.prefix { $0.isLetter || $0 == "-" }
    return Command.all.contains { $0.name == word } ? String(word) : "help"
  }

  /// Whether it names the line of a file.
  var isOfFile: Bool {
    if case .inFile = self { true } else { false }
  }
}
