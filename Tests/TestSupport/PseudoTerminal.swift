import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A program on a terminal of its own, as a person at a keyboard meets it.
public final class PseudoTerminal {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  // TIOCSPTLCK and TIOCGPTN of Linux, whose macros Swift does not import.
  private static let unlock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  /// Everything that the program has written.
  public private(set) var output = ""
  private var bytes: [UInt8] = []
  /// How much of the output ``expect(_:)`` has passed.
  private var passed = 0
  private let process = Process()
  private let keyboard: Int32
  private let screen: FileHandle
  private let before: termios

  public init(
    _ program: URL, arguments: [String], environment: [String: String], columns: Int = 80,
    rows: Int = 24
  ) throws {
    keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var number: Int32 = 0
    guard keyboard >= 0, ioctl(keyboard, Self.unlock, &number) == 0,
      ioctl(keyboard, Self.getNumber, &number) == 0
    else { throw Failure(description: "no pseudo-terminal") }
    let descriptor = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    guard descriptor >= 0 else { throw Failure(description: "no pseudo-terminal") }
    screen = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var state = termios()
    tcgetattr(descriptor, &state)
    before = state
    process.executableURL = program
    process.arguments = arguments
    process.environment = environment
    process.standardInput = screen
    process.standardOutput = screen
    process.standardError = screen
    setSize(columns: columns, rows: rows)
    try process.run()
  }

  deinit {
    if process.isRunning { process.terminate() }
    close(keyboard)
  }

  public func type(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(keyboard, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  public func send(signal: Int32) {
    kill(process.processIdentifier, signal)
  }

  public func resize(columns: Int, rows: Int) {
    setSize(columns: columns, rows: rows)
    send(signal: SIGWINCH)
  }

  private func setSize(columns: Int, rows: Int) {
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(screen.fileDescriptor, UInt(TIOCSWINSZ), &size)
  }

  /// Whether the terminal is in the state in which the program found it.
  public var isAsItWas: Bool {
    var now = termios()
    tcgetattr(screen.fileDescriptor, &now)
    return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag
      && now.c_oflag == before.c_oflag && now.c_cflag == before.c_cflag
  }

  /// Waits for a text in what the program writes after the last one that was waited for.
  public func expect(_ text: String) throws {
    while true {
      let plain = Array(output.unicodeScalars.dropFirst(passed))
      let wanted = Array(text.unicodeScalars)
      if let place = plain.indices.first(where: { plain[$0...].starts(with: wanted) }) {
        passed += place + wanted.count
        return
      }
      guard try read() else {
        throw Failure(description: "\"\(text)\" never came; there was \(output.debugDescription)")
      }
    }
  }

  /// Waits for the first of several texts: which it was.
  public func expect(anyOf texts: [String]) throws -> Int {
    while true {
      let plain = Array(output.unicodeScalars.dropFirst(passed))
      var first: (place: Int, text: Int)?
      for (index, text) in texts.enumerated() {
        let wanted = Array(text.unicodeScalars)
        guard let place = plain.indices.first(where: { plain[$0...].starts(with: wanted) }) else {
          continue
        }
        if first.map({ place < $0.place }) ?? true { first = (place, index) }
      }
      if let first {
        passed += first.place + texts[first.text].unicodeScalars.count
        return first.text
      }
      guard try read() else {
        throw Failure(description: "none of \(texts) came; there was \(output.debugDescription)")
      }
    }
  }

  /// Sends ^C until a text tells that it was heard: the first may come before what it is to end.
  public func interrupt(until text: String) throws {
    for _ in 0..<200 where !output.contains(text) {
      send(signal: SIGINT)
      try read(milliseconds: 200)
    }
    try expect(text)
    // One that came too late gives up a line, and not the one that is typed next.
    while try read(milliseconds: 1000) {}
  }

  /// Reads some more of what the program writes; `false` after some time without any.
  @discardableResult
  public func read(milliseconds: Int32 = 30_000) throws -> Bool {
    var wait = pollfd(fd: keyboard, events: Int16(POLLIN), revents: 0)
    guard poll(&wait, 1, milliseconds) > 0 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = buffer.withUnsafeMutableBytes { Glibc.read(keyboard, $0.baseAddress, $0.count) }
    guard count > 0 else { return false }
    bytes += buffer[..<count]
    output = String(decoding: bytes, as: UTF8.self)
    return true
  }

  /// Waits until the program is stopped, as ^Z does it; for half a minute at most.
  public func waitUntilStopped() throws {
    for _ in 0..<1500 {
      let status = try String(
        contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
      // `PID (NAME) STATE`
      if status.split(separator: ") ").last?.first == "T" { return }
      var more = pollfd(fd: keyboard, events: Int16(POLLIN), revents: 0)
      if poll(&more, 1, 20) > 0 { try read() }
    }
    throw Failure(description: "the program was never stopped")
  }

  /// Waits for the end of the program: its exit code, or the negative number of its signal.
  public func wait() -> Int32 {
    // The screen is still open here, so that reading ends only when the program has.
    while process.isRunning {
      var more = pollfd(fd: keyboard, events: Int16(POLLIN), revents: 0)
      if poll(&more, 1, 20) > 0 { _ = try? read() }
    }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }
}
