import Foundation
import SystemPackage

/// An error number of the system. Its description is the system's own: `No space left on device`.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  init(_ error: any Error) { number = (error as? Errno)?.rawValue ?? EIO }

  /// The error of the last system call that failed on this thread.
  public static var last: SystemError { SystemError(errno) }

  /// True if the file does not exist.
  public var isMissingFile: Bool { number == ENOENT }

  public var description: String { Errno(rawValue: number).description }
}

/// A file or a folder that could not be written. Nothing of it was left behind.
public struct FileWriteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// As the user named it.
  public let path: String
  /// The system's words, or ours: `No space left on device`, `it is a directory`.
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public init(path: String, _ error: SystemError) {
    self.init(path: path, reason: error.description)
  }

  public var description: String { "\(path): cannot be written: \(reason)." }
}

/// Writes all of `bytes` to a file descriptor, however many system calls that takes.
///
/// - Returns: the error that ended the writing, or `nil` if everything was written.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> SystemError? {
  let descriptor = FileDescriptor(rawValue: descriptor)
  var rest = bytes
  while !rest.isEmpty {
    do {
      // macOS refuses more than 2 GiB at once.
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try descriptor.write(part)))
    } catch {
      return SystemError(error)
    }
  }
  return nil
}

/// Writes all of `text` as UTF-8, unbuffered.
///
/// - Returns: the error that ended the writing, or `nil` if everything was written.
public func writeAll(_ text: String, to descriptor: Int32) -> SystemError? {
  var text = text
  return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}
