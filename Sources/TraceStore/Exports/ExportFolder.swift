import Basics
import Foundation

/// A folder of an export: filled beside its place under another name, then renamed. Whatever fails
/// before, nothing is left behind.
final class ExportFolder {
  private let path: String
  private let temporary: String
  private var isCommitted = false

  /// - Throws: ``TraceError/cannotExport(path:reason:)`` where something is there already,
  ///   or `FileWriteError`.
  init(path: String) throws {
    self.path = path
    if (try? FileStatus(path: path, followsLinks: false)) != nil {
      throw TraceError.cannotExport(
        path: path, reason: "is there already; name another folder with -o, or remove it")
    }
    temporary = AtomicFile.temporaryPath(beside: path)
    guard mkdir(temporary, 0o777) == 0 else { throw FileWriteError(path: path, .last) }
  }

  deinit {
    if !isCommitted { try? FileManager.default.removeItem(atPath: temporary) }
  }

  /// A file in it; `body` fills it.
  func write(_ name: String, _ body: (ExportOutput) throws -> Void) throws {
    let output = try ExportOutput(creating: "\(temporary)/\(name)", shown: "\(path)/\(name)")
    try body(output)
    try output.commit()
  }

  /// Puts the folder in its place.
  func commit() throws(FileWriteError) {
    guard rename(temporary, path) == 0 else { throw FileWriteError(path: path, .last) }
    isCommitted = true
  }
}
