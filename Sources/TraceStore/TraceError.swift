import Basics
import GRDB

/// What can go wrong with a trace; each case names the file and what to do.
public enum TraceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no such file.
  case missing(path: String)
  /// The path is a directory.
  case directory(path: String)
  /// The file is not a trace of nibble.
  case notATrace(path: String)
  /// The trace was written by a nibble whose schema is another.
  case otherSchema(path: String, found: Int, expected: Int)
  /// The output path holds something that is not a trace, and is therefore not replaced.
  case wouldReplace(path: String)
  /// The file could not be opened, read or written.
  case io(path: String, reason: String)
  /// There is no room for more of the recording; what was committed before stays readable.
  case full(path: String)
  /// The file, or what SQLite keeps beside it, has all the bytes that a file may have; what was
  /// committed before stays readable.
  case atSizeLimit(path: String, bytes: Int)
  /// Another program replaced, removed or cut the file while it was recorded.
  case replaced(path: String)
  /// The engine went on after a pass that it did not finish, whose number this is; what was
  /// committed before it stays readable.
  case unfinishedPass(path: String, pass: Int)
  /// The trace has nothing that an export in this format could hold, or not what it needs.
  case cannotExport(path: String, reason: String)
  /// An export was ended before its end, on request; nothing of it stays.
  case exportInterrupted
  /// The trace's contents contradict its own schema.
  case corrupt(path: String, reason: String)
  /// A query is wrong or not allowed; `offset` is the byte of the query's text that it is about.
  case sql(message: String, query: String, offset: Int?)
  /// A query was interrupted.
  case interrupted
  /// A query took longer than it was given.
  case outOfTime(seconds: Double)
  /// A query did not end when its time was over, or when a person asked for it; the process has to.
  case unstoppable(seconds: Double?)
  /// A trace cannot be attached to another by this name.
  case badAttachment(name: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): no such trace; `nibble record -o \(path)` makes one."
    case .directory(let path):
      "\(path): is a directory; name a trace file."
    case .notATrace(let path):
      "\(path): is not a trace of nibble; `nibble record` makes one."
    case .otherSchema(let path, let found, let expected):
      "\(path): was recorded by another version of nibble (schema \(found); this one reads schema "
        + "\(expected)); record it again."
    case .wouldReplace(let path):
      "\(path): exists and is not a trace of nibble, so it is not replaced; name another output."
    case .io(let path, let reason):
      "\(path): \(reason)."
    case .full(let path):
      "\(path): no room is left for more of the recording; what was finished before stays readable."
    case .atSizeLimit(let path, let bytes):
      "\(path): a file may have no more than \(formatBytes(bytes)) here (ulimit -f), so no more is "
        + "recorded; what was finished before stays readable. Raise the limit: ulimit -f unlimited."
    case .replaced(let path):
      "\(path): another program replaced, removed or cut it while it was being recorded, and what was "
        + "recorded is lost; record again, into a file of another name."
    case .unfinishedPass(let path, let pass):
      "\(path): pass \(pass) was not finished, so neither it nor what followed is recorded; "
        + "record it again."
    case .cannotExport(let path, let reason):
      "\(path): \(reason)."
    case .exportInterrupted:
      "The export was interrupted; no file of it stays."
    case .corrupt(let path, let reason):
      "\(path): the trace is damaged (\(reason)); record it again."
    case .sql(let message, let query, let offset):
      Self.excerpt(message: message, query: query, offset: offset)
    case .interrupted:
      "The query was interrupted."
    case .outOfTime(let seconds):
      "The query was stopped after \(SQLValue.format(seconds, digits: 6)) s; give it more time, or "
        + "ask for less."
    case .unstoppable(let seconds):
      "The query did not stop "
        + (seconds.map { "after \(SQLValue.format($0, digits: 6)) s" } ?? "at ^C")
        + ", so nibble ended: it was in what cannot be interrupted, such as instr over long texts or "
        + "the check of a large model file; give it more time, or less to do."
    case .badAttachment(let name, let reason):
      "The trace '\(name)' cannot be attached: \(reason)."
    }
  }

  /// The message, and under it the line of the query that it is about with a caret at the place.
  private static func excerpt(message: String, query: String, offset: Int?) -> String {
    let message = visible(message)
    guard let offset, offset >= 0, offset <= query.utf8.count else { return "SQL: \(message)" }
    let bytes = Array(query.utf8)
    let start = bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let line = visible(String(decoding: bytes[start..<end], as: UTF8.self))
    let before = visible(String(decoding: bytes[start..<offset], as: UTF8.self))
    // A window of the line, so that a long query still shows its place.
    let column = before.count
    let first = max(0, column - 60)
    let shown = String(line.dropFirst(first).prefix(76))
    let padding = String(repeating: " ", count: column - first)
    return "SQL: \(message)\n  \(shown)\n  \(padding)^"
  }
}

extension TraceError {
  /// What a failed read through GRDB means for the trace at `path`.
  init(_ error: any Error, path: String) {
    if let error = error as? TraceError {
      self = error
    } else if let error = error as? SQLiteFailure {
      self.init(code: error.code, message: error.message, path: path)
    } else if let error = error as? DatabaseError {
      self.init(
        code: error.resultCode.rawValue, message: error.message ?? "unknown error", path: path)
    } else {
      self = .io(path: path, reason: "\(error)")
    }
  }
}
