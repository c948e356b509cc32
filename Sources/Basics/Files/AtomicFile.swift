import Foundation
import SystemPackage

/// A file that appears whole or not at all: written beside its place under another name, then
/// renamed. If anything fails before, nothing is left behind and an older file stays as it was.
public final class AtomicFile {
  /// As the caller named it, for errors.
  public let path: String
  /// Where it goes: `path` with symbolic links followed.
  private let target: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false
  /// Bytes written so far.
  public private(set) var offset = 0

  /// Begins a file that will be at `path`.
  public convenience init(path: String) throws(FileWriteError) {
    try self.init(path: path) { temporary in
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
  }

  /// - Parameter opening: opens the temporary file; tests put a full device here.
  init(path: String, opening: (String) -> Int32) throws(FileWriteError) {
    self.path = path
    target = Self.resolved(path)
    if let status = try? FileStatus(path: target), status.kind != .file {
      throw FileWriteError(
        path: path,
        reason: status.kind == .directory ? "it is a directory" : "it is not a regular file")
    }
    temporary = Self.temporaryPath(beside: target)
    descriptor = opening(temporary)
    guard descriptor >= 0 else { throw FileWriteError(path: path, .last) }
  }

  deinit {
    guard !isCommitted, descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Adds bytes at the end.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
    if let error = writeAll(bytes, to: descriptor) { throw FileWriteError(path: path, error) }
    offset += bytes.count
  }

  /// Adds bytes at the end.
  ///
  /// - Throws: ``FileWriteError``.
  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Adds zeros up to the next multiple of `alignment`.
  ///
  /// - Throws: ``FileWriteError``.
  public func pad(to alignment: Int) throws {
    let rest = offset % alignment
    if rest > 0 { try write([UInt8](repeating: 0, count: alignment - rest)) }
  }

  /// Waits until the bytes are stored, and puts the file in its place.
  public func commit() throws(FileWriteError) {
    guard fsync(descriptor) == 0, rename(temporary, target) == 0 else {
      throw FileWriteError(path: path, .last)
    }
    isCommitted = true
    guard close(descriptor) == 0 else { throw FileWriteError(path: path, .last) }
  }

  private static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

// MARK: - Names of unfinished files

extension AtomicFile {
  /// The prefix of this process's unfinished files.
  private static var prefix: String { ".nibble.\(getpid())." }

  /// A new name in the folder of `path`, for a file or a folder that is renamed to `path` once it
  /// is whole.
  public static func temporaryPath(beside path: String) -> String {
    FilePath(path).removingLastComponent()
      .appending("\(prefix)\(UInt32.random(in: 0 ... .max)).tmp").string
  }

  /// Removes the files beside `path` that this process began and did not finish: for a signal that
  /// ends it.
  public static func removeUnfinished(beside path: String) {
    let folder = FilePath(resolved(path)).removingLastComponent()
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: folder.isEmpty ? "." : folder.string)
    for name in names ?? [] where name.hasPrefix(prefix) {
      unlink(folder.appending(name).string)
    }
  }
}
