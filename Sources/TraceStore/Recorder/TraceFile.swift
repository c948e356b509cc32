import Basics
import Foundation

/// A file that is a trace, or that a recording is to make one, before SQLite opens it.
public enum TraceFile {
  /// Whether there is a file at `path` that a new trace may replace: an older trace, or an empty
  /// file.
  ///
  /// - Throws: ``TraceError/directory(path:)``, ``TraceError/wouldReplace(path:)`` or
  ///   ``TraceError/io(path:reason:)`` where there is anything else.
  static func isReplaceable(_ path: String) throws(TraceError) -> Bool {
    let status: FileStatus
    do {
      status = try FileStatus(path: path)
    } catch {
      if error.isMissingFile { return false }
      throw .io(path: path, reason: "cannot be written: \(error)")
    }
    switch status.kind {
    case .directory: throw .directory(path: path)
    case .file: break
    default: throw .wouldReplace(path: path)
    }
    if status.size > 0, try !isOurs(path) { throw .wouldReplace(path: path) }
    return true
  }

  /// Whether there is a trace of nibble at `path`, which nothing but a recording may replace.
  ///
  /// - Throws: ``TraceError/io(path:reason:)`` where a file that is there cannot be read.
  public static func isTrace(at path: String) throws(TraceError) -> Bool {
    guard (try? FileStatus(path: path))?.kind == .file else { return false }
    return access(path, R_OK) == 0 ? try isOurs(path) : false
  }

  /// Removes a trace and what SQLite keeps beside it, which must not outlive it: another trace of
  /// this name would take it for its own.
  static func remove(_ path: String) throws(TraceError) {
    for suffix in ["-wal", "-shm", "-journal", ""] {
      if unlink(path + suffix) != 0, errno != ENOENT {
        throw .io(path: path + suffix, reason: "cannot be replaced: \(SystemError.last)")
      }
    }
  }

  /// Whether the file's first bytes are those of an SQLite file with one of our application ids.
  static func isOurs(_ path: String) throws(TraceError) -> Bool {
    guard let file = fopen(path, "rb") else {
      throw .io(path: path, reason: "cannot be read: \(SystemError.last)")
    }
    defer { fclose(file) }
    // SQLite's header: a magic string of 16 bytes; application_id at offset 68, big-endian.
    var header = [UInt8](repeating: 0, count: 72)
    guard fread(&header, 1, header.count, file) == header.count else { return false }
    let id = header[68..<72].reduce(0) { $0 << 8 | Int($1) }
    return header.starts(with: Array("SQLite format 3\0".utf8))
      && [TraceSchema.applicationID, TableWriter.applicationID].contains(id)
  }

  /// The path as SQLite has to be given it: else it takes some for something else, `:memory:`,
  /// `file:…` or no name at all.
  static func plain(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

  /// Bytes of the trace and of what lies beside it.
  static func bytes(_ path: String) -> Int { size(path) + size(path + "-wal") }

  /// Bytes of a file; 0 where there is none.
  static func size(_ path: String) -> Int { (try? FileStatus(path: path))?.size ?? 0 }
}
