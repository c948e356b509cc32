#if canImport(Glibc)
  import Foundation
  import Glibc

  /// A program on a terminal of its own, as a person at a keyboard meets it.
  open class PseudoTerminal {
    public struct Failure: Error, CustomStringConvertible {
      public let description: String
    }

    /// How long to wait for what must come: long enough for a machine that is busy with others.
    private static let patience = Duration.seconds(120)

    // TIOCSPTLCK and TIOCGPTN of Linux, whose macros Swift does not import.
    private static let unlock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private var bytes: [UInt8] = []
    /// How much of them ``expect(anyOf:)`` has passed.
    private var passed = 0
    private let process = Process()
    private let hasEnded = DispatchSemaphore(value: 0)
    /// The end that a person sits at.
    private var keyboard: Int32
    private let before: termios

    /// - Parameters:
    ///   - home: where the program keeps what is a person's own.
    ///   - environment: variables besides the usual ones, or none of that name.
    public init(
      _ program: URL, _ arguments: [String], home: String, environment: [String: String?] = [:],
      columns: Int = 80, rows: Int = 24
    ) throws {
      keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      var number: Int32 = 0
      guard keyboard >= 0, ioctl(keyboard, Self.unlock, &number) == 0,
        ioctl(keyboard, Self.getNumber, &number) == 0
      else { throw Failure(description: "no pseudo-terminal") }
      let screen = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
      guard screen >= 0 else { throw Failure(description: "no pseudo-terminal") }
      // The program alone holds it once it runs: that nobody does is its end.
      defer { close(screen) }
      before = Self.state(of: screen)
      var variables: [String: String?] = [
        "TERM": "xterm-256color", "HOME": home, "XDG_STATE_HOME": home + "/state",
        "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin",
      ]
      variables.merge(environment) { $1 }
      process.executableURL = program
      process.arguments = arguments
      process.environment = variables.compactMapValues { $0 }
      let handle = FileHandle(fileDescriptor: screen, closeOnDealloc: false)
      process.standardInput = handle
      process.standardOutput = handle
      process.standardError = handle
      setSize(columns: columns, rows: rows)
      process.terminationHandler = { [hasEnded] _ in hasEnded.signal() }
      try process.run()
    }

    deinit {
      if process.isRunning { process.terminate() }
      hangUp()
    }

    // MARK: - What a person does

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
      _ = ioctl(keyboard, UInt(TIOCSWINSZ), &size)
    }

    /// Closes the window.
    public func hangUp() {
      if keyboard >= 0 { close(keyboard) }
      keyboard = -1
    }

    // MARK: - What a person sees

    /// Everything that the program has written.
    public var output: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether the terminal is in the state in which the program found it.
    public var isAsItWas: Bool {
      let now = Self.state(of: keyboard)
      return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag
        && now.c_oflag == before.c_oflag && now.c_cflag == before.c_cflag
    }

    private static func state(of terminal: Int32) -> termios {
      var state = termios()
      tcgetattr(terminal, &state)
      return state
    }

    /// Waits for a text in what the program writes after the last one that was waited for.
    public func expect(_ text: String) throws {
      _ = try expect(anyOf: [text])
    }

    /// Waits for the first of several texts: which it was.
    public func expect(anyOf texts: [String]) throws -> Int {
      let wanted = texts.map { Array($0.utf8) }
      let longest = wanted.map(\.count).max() ?? 0
      let deadline = ContinuousClock.now + Self.patience
      var place = passed
      while true {
        while place < bytes.count {
          let found = wanted.firstIndex {
            $0.first == bytes[place] && bytes[place...].starts(with: $0)
          }
          if let found {
            passed = place + wanted[found].count
            return found
          }
          place += 1
        }
        // The rest of a text may be still to come.
        place = max(passed, bytes.count - longest + 1)
        guard read(until: deadline) else {
          throw Failure(
            description: "\(texts) never came; there was \(output.debugDescription)")
        }
      }
    }

    /// Waits for the end of the program: its exit code, or the negative number of its signal.
    public func wait() -> Int32 {
      let deadline = ContinuousClock.now + Self.patience
      while read(until: deadline) {}
      let left = max(0, (deadline - .now) / .seconds(1))
      if hasEnded.wait(timeout: .now() + left) == .timedOut { send(signal: SIGKILL) }
      process.waitUntilExit()
      return process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus
    }

    /// Sends a signal again and again until the program ends; see ``wait()``.
    public func wait(sending signal: Int32) -> Int32 {
      let identifier = process.processIdentifier
      let timer = DispatchSource.makeTimerSource()
      timer.schedule(deadline: .now(), repeating: .milliseconds(100))
      timer.setEventHandler { [process] in if process.isRunning { kill(identifier, signal) } }
      timer.resume()
      defer { timer.cancel() }
      return wait()
    }

    /// Reads what the program writes next; `false` where it has ended, or none came in time.
    private func read(until deadline: ContinuousClock.Instant) -> Bool {
      let left = Int32(clamping: Int((deadline - .now) / .milliseconds(1)))
      var wait = pollfd(fd: keyboard, events: Int16(POLLIN), revents: 0)
      guard keyboard >= 0, left > 0, poll(&wait, 1, left) > 0 else { return false }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = buffer.withUnsafeMutableBytes { Glibc.read(keyboard, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      bytes += buffer[..<count]
      return true
    }
  }
#endif
