import Foundation
import GGUF

/// Where the bytes of an export go: a file that appears whole or not at all, or a pipe.
///
/// Bytes gather in a buffer of fixed size, so that an export of any length takes the same memory.
final class ExportOutput {
  private let file: AtomicFile?
  /// As the reader knows it, for errors.
  private let name: String
  private var pending: [UInt8] = []
  private static let capacity = 1 << 16

  /// A file at `path`, which ``commit()`` puts there.
  ///
  /// - Throws: ``TraceError/io(path:reason:)``; ``TraceError/cannotExport(path:reason:)`` where a
  ///   trace is there, which no export replaces.
  init(path: String) throws(TraceError) {
    if try TraceFile.isTrace(at: path) {
      throw .cannotExport(
        path: path, reason: "is a trace, which an export does not replace; name another output")
    }
    name = path
    do {
      file = try AtomicFile(path: path)
    } catch {
      throw TraceError(error)
    }
    pending.reserveCapacity(2 * Self.capacity)
  }

  /// Standard output.
  init() {
    name = "standard output"
    file = nil
    pending.reserveCapacity(2 * Self.capacity)
  }

  /// Adds text as UTF-8.
  @inline(__always) func write(_ text: String) { pending.append(contentsOf: text.utf8) }

  /// Adds text that is in the program.
  @inline(__always) func write(_ text: StaticString) {
    pending.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

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
  @inline(__always) func rowEnded() throws(TraceError) {
    if pending.count >= Self.capacity { try flush() }
  }

  /// Hands on what has gathered, and puts the file in its place.
  func commit() throws(TraceError) {
    try flush()
    guard let file else { return }
    do {
      try file.commit()
    } catch {
      throw TraceError(error)
    }
  }

  private func flush() throws(TraceError) {
    defer { pending.removeAll(keepingCapacity: true) }
    var failure: TraceError?
    pending.withUnsafeBytes { bytes in
      do throws(TraceError) {
        try send(bytes)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
    if let file {
      do {
        return try file.write(bytes)
      } catch {
        throw TraceError(error)
      }
    }
    var rest = bytes
    while !rest.isEmpty {
      let written = Foundation.write(STDOUT_FILENO, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw .io(path: name, reason: "cannot be written: \(TraceFile.reason(errno))")
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }
}

extension TraceError {
  /// What kept an output from being written.
  init(_ error: GGUFError) {
    if case .cannotWrite(let path, let reason) = error {
      self = .io(path: path, reason: "cannot be written: \(reason)")
    } else {
      self = .io(path: "the export", reason: "\(error)")
    }
  }
}
