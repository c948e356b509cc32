import Basics
import CLibEdit
import CTerminal
import Foundation

/// Lines that a person types on a terminal, with editing, history and completion from libedit.
public final class TerminalLines: LineSource {
  public let isInteractive = true
  private let editor: OpaquePointer
  private let completer: Completer
  private let historyPath: String?

  /// What completes the text before the cursor.
  final class Completer {
    let complete: (String) -> Completion
    init(_ complete: @escaping (String) -> Completion) { self.complete = complete }
  }

  /// Opens the editor on standard input and output, or returns `nil` where there is no terminal.
  ///
  /// - Parameter historyPath: the file that keeps the history, or `nil` for none.
  public init?(historyPath: String?, complete: @escaping (String) -> Completion) {
    guard isTerminal(0), isTerminal(1) else { return nil }
    completer = Completer(complete)
    self.historyPath = historyPath
    let context = Unmanaged.passUnretained(completer).toOpaque()
    guard let editor = nibble_editor_open("nibble", completeLine, context) else { return nil }
    self.editor = editor
    if let historyPath { nibble_editor_load_history(editor, historyPath) }
  }

  deinit {
    nibble_editor_close(editor)
  }

  public func next(prompt: String) -> LineReply {
    var text: UnsafePointer<CChar>?
    // libedit cannot take in a prompt that the locale has no characters for.
    let isShown = prompt.utf8.allSatisfy { $0 < 0x80 } || nibble_locale_is_utf8()
    if !isShown { _ = writeAll(prompt, to: 1) }
    let length = nibble_editor_read(editor, isShown ? prompt : "", &text)
    if Int(length) == NIBBLE_LINE_INTERRUPTED {
      _ = writeAll("^C\n", to: 1)  // what follows begins a line
      return .interrupted
    }
    let line = text.map { String(cString: $0) }
    if Int(length) == NIBBLE_LINE_WANTS_SCREEN { return .switchScreen(typed: line ?? "") }
    guard length >= 0, let line else { return .end }
    let entry = line.trimmingSpaces()
    if !entry.isEmpty { remember(entry) }
    return .line(line)
  }

  /// Begins the next line with a text, as if it were typed.
  func type(_ text: String) {
    nibble_editor_type(editor, text)
  }

  /// The lines typed before, oldest first.
  var history: [String] {
    var lines: [String] = []
    while let line = nibble_editor_recall(editor, Int32(lines.count)) {
      lines.append(String(cString: line))
    }
    return lines.reversed()
  }

  /// Adds a line to the history, and writes it: a session may end at any time.
  func remember(_ line: String) {
    nibble_editor_remember(editor, line)
    saveHistory()
  }

  /// Writes the history; a directory that cannot be made or written is no reason to complain.
  private func saveHistory() {
    guard let historyPath else { return }
    let directory = URL(filePath: historyPath).deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    nibble_editor_save_history(editor, historyPath)
  }

  /// `$XDG_STATE_HOME/nibble/history`, or its default place in the home directory.
  static func defaultHistoryPath(named name: String = "history") -> String? {
    if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") {
      return state + "/nibble/" + name
    }
    return environment("HOME").map { $0 + "/.local/state/nibble/" + name }
  }
}

/// What Tab does to a line.
public struct Completion: Equatable, Sendable {
  /// Text to put at the cursor.
  public var insert = ""
  /// Text to show under the prompt: what the word could become.
  public var candidates = ""

  init(insert: String = "", candidates: String = "") {
    self.insert = insert
    self.candidates = candidates
  }

  /// Nothing.
  public static let nothing = Completion()

  /// What a word becomes that begins some of the candidates.
  public static func of(
    _ word: String, among candidates: [String], width: Int = 80
  ) -> Completion {
    let matches = Array(Set(candidates.filter { $0.hasPrefix(word) })).sorted()
    guard let first = matches.first, matches != [word] else { return .nothing }
    if matches.count == 1 {
      return Completion(
        insert: String(first.dropFirst(word.count)) + (first.hasSuffix("(") ? "" : " "))
    }
    let common = matches.reduce(first) { $0.commonPrefix(with: $1) }
    if common.count > word.count { return Completion(insert: String(common.dropFirst(word.count))) }
    return Completion(candidates: inColumns(matches, width: width).map { $0 + "\n" }.joined())
  }
}

private func completeLine(
  _ context: UnsafeMutableRawPointer?, _ before: UnsafePointer<CChar>?
) -> nibble_completion {
  guard let context, let before else { return nibble_completion() }
  let completer = Unmanaged<TerminalLines.Completer>.fromOpaque(context).takeUnretainedValue()
  let completion = completer.complete(String(cString: before))
  return nibble_completion(
    insert: completion.insert.isEmpty ? nil : strdup(completion.insert),
    candidates: completion.candidates.isEmpty ? nil : strdup(completion.candidates))
}
