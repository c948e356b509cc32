import Foundation

/// A folder of an export: filled beside its place under another name, then renamed. Whatever fails
/// before, nothing is left behind.
final class ExportFolder {
  private let path: String
  private let temporary: String
  private var isCommitted = false

  /// - Throws: ``TraceError/cannotExport(path:reason:)`` where something is there already,
  ///   ``TraceError/io(path:reason:)``.
  init(path: String) throws(TraceError) {
    self.path = path
    var status = stat()
    if lstat(path, &status) == 0 {
      throw .cannotExport(
        path: path, reason: "is there already; name another folder with -o, or remove it")
    }
    var directory = path
    while directory.hasSuffix("/") { directory.removeLast() }
    let parent = directory.lastIndex(of: "/").map { String(directory[...$0]) } ?? ""
    temporary = "\(parent).nibble.\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
    guard mkdir(temporary, 0o777) == 0 else { throw Self.error(path) }
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
  func commit() throws(TraceError) {
    guard rename(temporary, path) == 0 else { throw Self.error(path) }
    isCommitted = true
  }

  private static func error(_ path: String) -> TraceError {
    .io(path: path, reason: "cannot be written: \(TraceFile.reason(errno))")
  }
}
