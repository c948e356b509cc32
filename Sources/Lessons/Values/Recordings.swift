import Basics
import Debugger
import Foundation
import Recording
import TraceStore

/// The recordings, packed models and other files of one lesson that a learner has made.
final class Recordings {
  let folder: URL
  private var sessions: [String: QuerySession] = [:]

  /// More rows of a query than these are not kept, and no lesson asks for as many.
  static let mostRows = 100_000
  /// A query that takes longer is ended.
  static let mostSeconds = 60.0

  /// Recordings of several lessons, by other names: `LESSON/TRACE`.
  private let elsewhere: [String: String]

  init(folder: URL, elsewhere: [String: String] = [:]) {
    self.folder = folder
    self.elsewhere = elsewhere
  }

  /// Where a recording is or will be.
  func path(of trace: String) -> String {
    folder.appendingPathComponent((elsewhere[trace] ?? trace) + ".sqlite").path
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

  /// Makes a file in the folder under another name and puts it in its place, with its recipe, when
  /// it is whole.
  ///
  /// - Parameter make: makes it, and tells whether it is whole.
  /// - Throws: what `make` throws, or ``LessonError/cannotWrite(path:reason:)``.
  func make<T>(_ product: Product, _ make: (String) throws -> (T, isWhole: Bool)) throws -> T {
    let files = FileManager.default
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw LessonError.cannotWrite(path: folder.path, reason: "\(error.localizedDescription)")
    }
    let url = URL(fileURLWithPath: product.path)
    let part = url.deletingLastPathComponent()
      .appendingPathComponent("part-\(getpid())-" + url.lastPathComponent).path
    defer {
      for ending in ["", "-wal", "-shm"] { try? files.removeItem(atPath: part + ending) }
    }
    let (result, isWhole) = try make(part)
    guard isWhole else { return result }
    // Without its recipe a file counts as none.
    try? files.removeItem(atPath: Recipe.path(of: product.path))
    guard rename(part, product.path) == 0 else {
      throw LessonError.cannotWrite(path: product.path, reason: "\(SystemError.last)")
    }
    try product.recipe.keep(beside: product.path)
    return result
  }

  /// Gives a file that is made otherwise now another name, under which it is kept.
  ///
  /// - Returns: the name, or `nil` where there is no such file.
  func setAside(_ path: String) -> String? {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else { return nil }
    let url = URL(fileURLWithPath: path)
    let ending = "." + url.pathExtension
    let name = url.deletingPathExtension().lastPathComponent
    var number = 1
    var kept = url
    repeat {
      kept = folder.appendingPathComponent("\(name)-old\(number)\(ending)")
      number += 1
    } while files.fileExists(atPath: kept.path)
    guard rename(path, kept.path) == 0 else { return nil }
    _ = rename(Recipe.path(of: path), Recipe.path(of: kept.path))
    forget()
    return kept.lastPathComponent
  }

  /// Removes all that was made.
  func removeAll() {
    forget()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Runs a query, with a value for each name in it.
  ///
  /// - Throws: ``LessonError/notRecorded(trace:)``, what `value` throws, or a `TraceError`.
  func run(_ query: ValueQuery, value: (String) throws -> SQLValue) throws -> QueryResult {
    let session = try session(for: query)
    var values: [String: SQLValue] = [:]
    for name in SQLParameters.names(in: query.sql) { values[name] = try value(name) }
    return try session.result(of: query.sql, with: values, limit: Self.mostRows)
  }

  /// Whether what a query gives depends on what was recorded.
  ///
  /// - Throws: ``LessonError/notRecorded(trace:)`` or a `TraceError`.
  func isMeasured(by query: ValueQuery) throws -> Bool {
    try query.trace != nil && open(query).readsRows(query.sql)
  }

  /// Closes what was opened for queries, as a recording has changed.
  func forget() { sessions = [:] }

  /// What a query is asked of.
  ///
  /// - Throws: ``LessonError/notRecorded(trace:)`` or a `TraceError`.
  func session(for query: ValueQuery) throws -> QuerySession {
    let attached = query.attach.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let key = ([query.trace ?? ""] + attached).joined(separator: " ")
    if let session = sessions[key] { return session }
    let session = try open(query)
    session.endAtInterrupts()
    session.timeLimit = Self.mostSeconds
    sessions[key] = session
    return session
  }

  private func open(_ query: ValueQuery) throws -> QuerySession {
    guard let trace = query.trace else { return try QuerySession(database: nil) }
    let path = try existing(trace)
    let attached = try query.attach.sorted { $0.key < $1.key }.map {
      QuerySession.Attachment(name: $0.key, path: try existing($0.value))
    }
    guard let recording = try Self.trace(at: path) else { return try QuerySession(database: path) }
    let session = try QuerySession(path: path, attached: attached)
    session.weights = ModelWeights(of: recording, named: nil)
    return session
  }

  /// The recording, or `nil` for a file that is none: a training's.
  private static func trace(at path: String) throws -> Trace? {
    do {
      return try Trace(path: path)
    } catch {
      if case .notATrace = error { return nil }
      throw error
    }
  }
}

/// What `body` gives, or `nil` where its recording has not been made yet.
func ifRecorded<T>(_ body: () throws -> T) throws -> T? {
  do { return try body() } catch LessonError.notRecorded { return nil }
}
