import Basics
import Foundation

/// How far an export is.
public struct ExportProgress: Equatable, Sendable {
  /// Of all that is read, in percent.
  public var percent: Int
}

/// Told how far an export is, a hundred times at most; `false` ends it.
public typealias ExportProgressHandler = (ExportProgress) -> Bool

extension Trace {
  /// Writes the trace in another format, in memory that does not depend on its length.
  ///
  /// - Parameters:
  ///   - path: where it goes: a file or a folder, which appears whole or not at all; `-` is standard
  ///     output, for formats that are one file.
  ///   - second: a trace to show beside this one, where the format takes two.
  ///   - pass: the pass to show step by step, where the format shows one.
  /// - Throws: ``TraceError``: ``TraceError/cannotExport(path:reason:)`` where the trace does not
  ///   have what the format holds, ``TraceError/exportInterrupted``, and what reading throws;
  ///   `FileWriteError`.
  public func export(
    _ format: ExportFormat, to path: String, with second: Trace? = nil, pass: Int? = nil,
    progress: @escaping ExportProgressHandler = { _ in true }
  ) throws {
    do {
      let source = ExportSource(trace: self, second: second, pass: pass)
      try format.type.write(source, to: path, ExportMeter(report: progress))
    } catch let error as FileWriteError {
      throw error
    } catch {
      throw TraceError(error, path: self.path)
    }
  }
}

/// Turns numbers of steps into percent, and an answer of `false` into an error.
final class ExportMeter {
  /// How many steps (or whatever is counted) there are.
  var total = 0
  private var next = 0
  private var percent = 0
  private let report: ExportProgressHandler

  init(report: @escaping ExportProgressHandler) { self.report = report }

  /// Says that so many are done.
  @inline(__always) func reached(_ done: Int) throws(TraceError) {
    if done >= next { try tell(done) }
  }

  /// Asks whether to go on, between two marks.
  func isWanted() throws(TraceError) {
    if !report(ExportProgress(percent: percent)) { throw .exportInterrupted }
  }

  private func tell(_ done: Int) throws(TraceError) {
    next = done + max(1, (total + 99) / 100)
    percent = min(max(Int(100 * Double(done) / Double(max(total, 1))), 0), 100)
    try isWanted()
  }
}
