import Basics
import Foundation

/// Where the bytes of an export go: a file that appears whole or not at all, or a pipe.
///
/// Bytes gather in a buffer of fixed size, so that an export of any length takes the same memory.
final class ExportOutput {
  private enum Sink {
    case file(AtomicFile)
    /// Standard output, or a file in a folder that appears whole.
    case descriptor(Int32, isOurs: Bool)
  }

  private let sink: Sink
  /// As the reader knows it, for errors.
  private let name: String
  private var pending: [UInt8] = []
  private static let capacity = 1 << 16

  /// A file at `path`, which ``commit()`` puts there.
  ///
  /// - Throws: `FileWriteError`; ``TraceError/cannotExport(path:reason:)`` where a trace is there,
  ///   which no export replaces.
  init(path: String) throws {
    if try TraceFile.isTrace(at: path) {
      throw TraceError.cannotExport(
        path: path, reason: "is a trace, which an export does not replace; name another output")
    }
    name = path
    sink = .file(try AtomicFile(path: path))
    pending.reserveCapacity(2 * Self.capacity)
  }

  /// Standard output.
  init() {
    name = "standard output"
    sink = .descriptor(STDOUT_FILENO, isOurs: false)
    pending.reserveCapacity(2 * Self.capacity)
  }

  /// A new file at `path`, which is called `name` in errors; for a folder that is removed as a
  /// whole where something fails.
  init(creating path: String, shown name: String) throws(FileWriteError) {
    self.name = name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileWriteError(path: name, .last) }
    sink = .descriptor(descriptor, isOurs: true)
    pending.reserveCapacity(2 * Self.capacity)
  }

  deinit {
    if case .descriptor(let descriptor, isOurs: true) = sink { close(descriptor) }
  }

  /// Adds text as UTF-8.
  @inline(__always) func write(_ text: String) { pending.append(contentsOf: text.utf8) }

  /// Adds a byte.
  @inline(__always) func write(byte: UInt8) { pending.append(byte) }

  /// Adds bytes.
  @inline(__always) func write(bytes: some Sequence<UInt8>) { pending.append(contentsOf: bytes) }

  /// Adds a number in decimal digits.
  func write(_ number: Int) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // room for 24
    withUnsafeMutableBytes(of: &digits) { room in
      var rest = number.magnitude
      var place = room.count
      repeat {
        place -= 1
        room[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
        rest /= 10
      } while rest > 0
      if number < 0 {
        place -= 1
        room[place] = UInt8(ascii: "-")
      }
      pending.append(contentsOf: room[place...])
    }
  }

  /// Hands on what has gathered, where that is much; called between two rows.
  @inline(__always) func rowEnded() throws {
    if pending.count >= Self.capacity { try flush() }
  }

  /// Hands on what has gathered, and puts the file in its place.
  ///
  /// - Throws: `FileWriteError`.
  func commit() throws {
    try flush()
    if case .file(let file) = sink { try file.commit() }
  }

  private func flush() throws {
    defer { pending.removeAll(keepingCapacity: true) }
    try pending.withUnsafeBytes { bytes in
      switch sink {
      case .file(let file): try file.write(bytes)
      case .descriptor(let descriptor, _):
        if let error = writeAll(bytes, to: descriptor) { throw FileWriteError(path: name, error) }
      }
    }
  }
}
