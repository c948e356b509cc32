import Basics
import CKernels
import Foundation

/// What the system says of this process's memory, all of it together: its own pages and those of
/// mapped files. From `/proc`, which only Linux has.
///
/// https://www.kernel.org/doc/html/latest/filesystems/proc.html
enum ProcessMemory {
  /// Bytes in memory now.
  ///
  /// - Throws: `RecordingError.noMemoryFigures`.
  static func resident() throws -> Int { try bytes("VmRSS") }

  /// The most bytes that were in memory at one moment since ``resetPeak()``.
  ///
  /// - Throws: `RecordingError.noMemoryFigures`.
  static func peak() throws -> Int { try bytes("VmHWM") }

  /// Gives what is free back to the system, and begins a new peak with what is left.
  ///
  /// Else what the engine takes might come to lie where something was freed before, and the system
  /// would not see it.
  ///
  /// - Throws: `RecordingError.noMemoryFigures`.
  static func resetPeak() throws {
    nibble_release_free_memory()
    let path = "/proc/self/clear_refs"
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unavailable(path) }
    defer { close(descriptor) }
    guard write(descriptor, "5", 1) == 1 else { throw unavailable(path) }
  }

  /// A line of `/proc/self/status`: `VmHWM:     1234 kB`.
  private static func bytes(_ field: String) throws -> Int {
    let path = "/proc/self/status"
    guard let status = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw unavailable(path)
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
    guard let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first,
      let count = Int(kibibytes)
    else {
      throw RecordingError.noMemoryFigures(reason: "\(path) has no \(field)")
    }
    return count * 1024
  }

  private static func unavailable(_ path: String) -> RecordingError {
    .noMemoryFigures(reason: "\(path) cannot be used (\(SystemError.last))")
  }
}
