import CTerminal

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where commands come from.
public protocol LineSource: AnyObject {
  /// Whether a person types: then an empty line repeats the last command, and an error does not
  /// end anything.
  var isInteractive: Bool { get }
  /// Whether a person types, prompted or not: then a ^C that came before the next line is asked for
  /// is forgotten; else it is for all lines that follow.
  var isTyped: Bool { get }
  /// Asks for the next line.
  func next(prompt: String) -> LineReply
}

extension LineSource {
  public var isTyped: Bool { isInteractive }
}

/// What asking for a line came to.
public enum LineReply: Equatable, Sendable {
  /// A line, without its line break.
  case line(String)
  /// ^C came, which gives up a line that is typed.
  case interrupted
  /// There are no more.
  case end
  /// ^X a: to the full screen or away from it, with what was typed of a line.
  case switchScreen(typed: String)
}

/// Lines known beforehand: a command file, or a test's script.
public final class ScriptedLines: LineSource {
  private var rest: ArraySlice<String>
  private let echo: (any OutputSink)?
  /// How many lines were given.
  private(set) var number = 0

  public var isInteractive: Bool { echo != nil }

  /// - Parameter echo: where to write each prompt and line, as a terminal would show them; with it
  ///   the script counts as typed by a person.
  public init(_ lines: [String], echo: (any OutputSink)? = nil) {
    rest = lines[...]
    self.echo = echo
  }

  public func next(prompt: String) -> LineReply {
    guard let line = rest.popFirst() else {
      echo?.write(prompt + "\n")
      return .end
    }
    number += 1
    echo?.write(prompt + line + "\n")
    return .line(line)
  }
}

/// Standard input that is no terminal, or not together with standard output: no prompt and no echo,
/// so that what the commands print can be used by another program.
public final class StandardInputLines: LineSource {
  public let isInteractive = false
  public let isTyped = isTerminal(0)
  private var buffer = LineBuffer()

  public init() {}

  public func next(prompt: String) -> LineReply {
    if isTyped { nibble_interrupts_clear() }
    while true {
      if let line = buffer.next() { return .line(line) }
      guard nibble_wait_for_input(0) else { return nibble_interrupted() ? .interrupted : .end }
      var piece = [UInt8](repeating: 0, count: 65536)
      let count = read(0, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return buffer.rest().map { .line($0) } ?? .end }
      buffer.append(piece[..<count])
    }
  }
}

/// The lines of bytes that come in pieces.
struct LineBuffer {
  private var bytes: [UInt8] = []
  /// Of ``bytes``, how many were given, and up to where there is no line break after those.
  private var given = 0, searched = 0
  /// How many bytes were searched for line breaks so far.
  private(set) var work = 0

  mutating func append(_ piece: ArraySlice<UInt8>) { bytes += piece }

  /// The next line that is whole, without its line break.
  mutating func next() -> String? {
    let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n"))
    work += (end.map { $0 + 1 } ?? bytes.count) - searched
    guard let end else {
      bytes.removeFirst(given)
      (given, searched) = (0, bytes.count)
      return nil
    }
    defer { (given, searched) = (end + 1, end + 1) }
    return Self.text(bytes[given..<end])
  }

  /// What is left at the end, which no line break follows.
  mutating func rest() -> String? {
    defer { self = LineBuffer() }
    return given < bytes.count ? Self.text(bytes[given...]) : nil
  }

  private static func text(_ line: ArraySlice<UInt8>) -> String {
    String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}
