import Basics
import CTerminal
import Foundation

extension DebuggerSession {
  /// Runs a command of the shell on this terminal, which the full screen leaves to it.
  func shell(_ command: String) throws {
    guard !command.trimmingSpaces().isEmpty else {
      throw DebuggerError.missingArgument(command: "shell", expected: "a command of the shell")
    }
    try runShell(command, input: nil)
  }

  /// Does something, and hands what it prints to a command of the shell.
  func pipe(into command: String, _ body: () throws -> Void) throws {
    let (terminal, palette) = (output, style.palette)
    let collected = CollectedResults(terminal)
    output = collected
    style.palette = .none
    var failure: (any Error)?
    do { try body() } catch { failure = error }
    output = terminal
    style.palette = palette
    try runShell(command, input: collected.text)
    if let failure { throw failure }
  }

  /// Runs `/bin/sh -c`. Its output goes where ours goes; a program that wants the keyboard gets it.
  private func runShell(_ command: String, input: String?) throws {
    let isTerminals = output is StandardOutput || output is FullScreen
    var stdin: Int32 = -1
    if let input {
      let ends = try Self.pipe(for: command)
      stdin = ends.read
      guard Self.write(input, to: ends.write) else {
        for end in [ends.read, ends.write] { close(end) }
        throw DebuggerError.shell(command: command, reason: "cannot be run")
      }
    } else if !isTerminals {
      stdin = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
    var status: Int32
    if isTerminals {
      status = try onTerminal { nibble_run_shell(command, stdin, -1, nil, nil) }
    } else {
      let ends = try Self.pipe(for: command)
      let reader = ShellReader(descriptor: ends.read, output: output)
      status = nibble_run_shell(
        command, stdin, ends.write,
        { context in
          guard let context else { return }
          Unmanaged<ShellReader>.fromOpaque(context).takeUnretainedValue().readAll()
        },
        Unmanaged.passUnretained(reader).toOpaque())
      close(ends.read)
    }
    guard status != 0 else { return }
    let signal = status & 0x7F
    throw DebuggerError.shell(
      command: command,
      reason: status < 0
        ? "cannot be run"
        : signal == 0
          ? "ended with exit code \((status >> 8) & 0xFF)" : "was ended by signal \(signal)")
  }

  /// Does something that reads and writes the terminal itself. Where the full screen is on, it is
  /// left until then, and comes back when what stands there was read.
  private func onTerminal(_ body: () -> Int32) throws -> Int32 {
    guard let fullScreen = output as? FullScreen else { return body() }
    return try fullScreen.whileLeft {
      let status = body()
      nibble_interrupts_clear()
      _ = writeAll("Press Enter to go back to the full screen. ", to: 1)
      var byte: UInt8 = 0
      // ^C goes back as well, and so does the end of the input.
      while nibble_wait_for_input(0), read(0, &byte, 1) == 1, byte != UInt8(ascii: "\n") {}
      return status
    }
  }

  private static func pipe(for command: String) throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else {
      throw DebuggerError.shell(command: command, reason: "cannot be run")
    }
    // The child gets its end by a copy, and must not keep ours open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Writes on a thread of its own, since whoever reads may write to us in between. It may also
  /// stop reading, which is no reason to end.
  ///
  /// - Returns: `false` if the system starts no thread.
  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    startThread {
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      _ = writeAll(text, to: descriptor)
      close(descriptor)
    }
  }
}

/// Hands on what a command of the shell writes, as it comes.
private final class ShellReader {
  private let descriptor: Int32
  private let output: any OutputSink

  init(descriptor: Int32, output: any OutputSink) {
    self.descriptor = descriptor
    self.output = output
  }

  func readAll() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    var text: [UInt8] = []
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      text += buffer[..<count]
      // Whole lines, so that no character is cut.
      if let end = text.lastIndex(of: UInt8(ascii: "\n")) {
        output.write(String(decoding: text[...end], as: UTF8.self))
        text.removeSubrange(...end)
      }
    }
    if !text.isEmpty { output.write(String(decoding: text, as: UTF8.self)) }
  }
}

/// Keeps the results for another program, and lets messages through.
private final class CollectedResults: OutputSink {
  private(set) var text = ""
  private let messages: any OutputSink

  init(_ messages: any OutputSink) { self.messages = messages }

  func write(_ text: String) { self.text += text }
  func complain(_ message: String) { messages.complain(message) }
  func progress(_ text: String?) { messages.progress(text) }
}
