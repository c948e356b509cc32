import Debugger
import Foundation
import TraceStore

/// The recordings, packed models and other files of one lesson that a learner has made.
final class Recordings {
  let folder: URL

  init(folder: URL) { self.folder = folder }

  /// Where a recording is or will be.
  func path(of trace: String) -> String {
    folder.appendingPathComponent(trace + ".sqlite").path
  }

  /// Where a packed model is or will be.
  func path(ofModel model: String) -> String {
    folder.appendingPathComponent(model + ".gguf").path
  }

  func has(_ trace: String) -> Bool { FileManager.default.fileExists(atPath: path(of: trace)) }
  func hasModel(_ model: String) -> Bool {
    FileManager.default.fileExists(atPath: path(ofModel: model))
  }

  /// - Throws: ``LessonError/notRecorded(trace:)``.
  func existing(_ trace: String) throws -> String {
    guard has(trace) else { throw LessonError.notRecorded(trace: trace) }
    return path(of: trace)
  }

  /// Makes a file in the folder under another name and puts it in its place when it is whole.
  ///
  /// - Throws: what `make` throws, or ``LessonError/cannotWrite(path:reason:)``.
  func make<T>(_ path: String, _ make: (String) throws -> T, isWhole: (T) -> Bool) throws -> T {
    let files = FileManager.default
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw LessonError.cannotWrite(path: folder.path, reason: "\(error.localizedDescription)")
    }
    let url = URL(fileURLWithPath: path)
    let part = url.deletingLastPathComponent()
      .appendingPathComponent("part-\(getpid())-" + url.lastPathComponent).path
    defer {
      for ending in ["", "-wal", "-shm"] { try? files.removeItem(atPath: part + ending) }
    }
    let result = try make(part)
    guard isWhole(result) else { return result }
    guard rename(part, path) == 0 else {
      throw LessonError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    return result
  }

  /// Removes all that was made.
  func removeAll() { try? FileManager.default.removeItem(at: folder) }

  /// Runs a query, with a value for each name in it.
  ///
  /// - Throws: ``LessonError/notRecorded(trace:)``, what `value` throws, or a `TraceError`.
  func run(_ query: ValueQuery, value: (String) throws -> SQLValue) throws -> SQLResult {
    let path = try query.trace.map(existing)
    let sql = try SQLParameters.fill(query.sql, value)
    let database = try ReadOnlyDatabase(path: path)
    var result = SQLResult()
    try Self.interruptibly(database.interrupter) {
      try database.run(
        sql,
        columns: { result = SQLResult(columns: $0) },
        row: {
          result.rows.append($0)
          return result.rows.count < SQLResult.mostRows
        })
    }
    return result
  }

  /// Has ^C end a query.
  private static func interruptibly(
    _ interrupter: QueryInterrupter, _ body: () throws -> Void
  ) rethrows {
    let watch = DispatchSource.makeTimerSource(queue: .global())
    watch.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50))
    watch.setEventHandler { if Interrupts.isPending { interrupter.interrupt() } }
    watch.resume()
    defer { watch.cancel() }
    try body()
  }
}
