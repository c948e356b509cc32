import Basics
import Foundation
import TraceStore

/// A file that results of the SQL shell go to.
final class ResultFile {
  let path: String
  /// Whether it takes the next result alone.
  let isOnce: Bool
  private let descriptor: Int32
  let isTerminal: Bool

  /// Makes the file anew.
  ///
  /// - Throws: ``SQLShellError`` where it is a trace, one of `traces` or another, or cannot be written.
  init(path: String, isOnce: Bool, traces: [String]) throws {
    self.path = path
    self.isOnce = isOnce
    if path.hasPrefix("|") {
      throw SQLShellError(
        "Results go to files alone; `nibble sql TRACE QUERY | …` pipes them to a program.")
    }
    for trace in traces where Self.isSame(path, trace) {
      throw SQLShellError("\(path) is a trace that is being read; name another file.")
    }
    if try TraceFile.isTrace(at: path) {
      throw SQLShellError("\(path) is a trace, which results do not replace; name another file.")
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      throw SQLShellError("\(path): cannot be written (\(SystemError.last)).")
    }
    isTerminal = isatty(descriptor) == 1
  }

  deinit { close(descriptor) }

  func write(_ text: String) throws {
    if let error = writeAll(text, to: descriptor) { throw SQLShellError("\(path): \(error).") }
  }

  /// Whether two paths lead to one file, or the first to what SQLite keeps beside the second.
  private static func isSame(_ path: String, _ trace: String) -> Bool {
    ["", "-wal", "-shm", "-journal"].contains { suffix in
      if let a = FileIdentity(path: path), let b = FileIdentity(path: trace + suffix) {
        return a == b
      }
      // Neither may be made that is not there.
      return URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
        == URL(filePath: trace + suffix).standardizedFileURL.resolvingSymlinksInPath()
    }
  }
}

extension SQLShell {
  /// Sends results to a file: all that follow, or the next alone.
  func redirect(to path: String, once: Bool) throws {
    let traces = [session.path] + session.attached.map(\.path)
    file = try ResultFile(path: path, isOnce: once, traces: traces)
  }

  /// Writes results where they go; to a terminal nothing that acts on it.
  func write(_ text: String) throws {
    let goesToTerminal = file?.isTerminal ?? isOnTerminal
    let text = goesToTerminal ? visible(text, keeping: ["\n", "\t"]) : text
    if let file { try file.write(text) } else { output.write(text) }
  }

  func write(_ lines: [String]) throws {
    try write(lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined())
  }

  /// Ends what `.once` began.
  func endOnce() {
    if file?.isOnce == true { file = nil }
  }

  /// Does the lines of a file; the first statement or command that fails ends it, and is told with
  /// the file and its line.
  func read(_ path: String) throws {
    guard reading.count < 20 else {
      throw SQLShellError(
        "\(path) is not read: files that read each other go on without end, or are more than 20 deep."
      )
    }
    let text: String
    do {
      text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      let exists = FileManager.default.fileExists(atPath: path)
      throw SQLShellError(
        "\(path): cannot be read ("
          + (exists ? "it is no readable UTF-8 text file" : "there is no such file") + ").")
    }
    reading.append(path)
    defer { reading.removeLast() }
    try run(
      ScriptedLines(
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)))
  }
}
