import Foundation
import GRDBSQLite

/// A session of read-only queries over a trace: for `nibble sql`, the debugger and lessons.
///
/// The trace is the schema `main`; others that are attached have a schema each. Temporary views
/// compare the trace with the first attached; the functions of ``QueryFunction`` are there too. An
/// authorizer lets nothing but reading through, values and memory are bounded, and rows are handed
/// on as they come.
///
/// Not safe for several threads at once.
public final class QuerySession {
  /// Another trace that queries may name.
  public struct Attachment: Equatable, Sendable {
    /// Its schema: `b` for `b.op`.
    public let name: String
    public let path: String

    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// The most bytes of one value.
  public static let longestValue = 256 << 20
  /// The most bytes that SQLite may hold at once, in the whole process.
  static let mostMemory: Int64 = 1 << 30

  public let path: String
  public let attached: [Attachment]
  /// Values for `:name` and the like, by names without the colon; of `?2`, the name is `2`.
  public var parameters: [String: SQLValue] = [:]
  /// For how many seconds a statement may be prepared and run and its rows be handled, not counting
  /// how long whoever reads them lets their writing wait.
  public var timeLimit: Double?
  /// Asked often while a statement runs; `true` ends it.
  public var isCancelled: () -> Bool = { false }
  /// How often a person asked for the end of what runs, from whichever thread.
  public var interrupts: @Sendable () -> Int = { 0 }
  /// Ends the process, since a statement goes on ``QueryWatch/patience`` after its time is over or,
  /// where a person asks again, after the first time.
  public var endProcess: @Sendable (TraceError) -> Void = { _ in }
  /// The weights of the model that was recorded, for the functions that read them.
  public var weights: (any RecordedWeights)?

  let handle: OpaquePointer
  /// The instructions that its statements have run.
  var work = 0
  /// What ``timeLimit`` is measured with.
  var now: @Sendable () -> ContinuousClock.Instant = { .now }
  /// Of the statement that runs.
  var watch: QueryWatch?
  /// What searches ask at every step.
  var lookups: StepLookups?
  /// What the authorizer refused in the statement being prepared.
  var refused: String?

  /// Opens a trace for queries.
  ///
  /// - Throws: what ``Trace/init(path:)`` throws, of each file; ``TraceError/badAttachment(name:reason:)``.
  public convenience init(path: String, attached: [Attachment] = []) throws(TraceError) {
    try Trace(path: path).close()  // tells what is wrong with the file
    try self.init(checked: path, attached: attached)
  }

  /// - Parameter path: a file that is a trace; `nil` for an empty database in memory.
  init(checked file: String?, attached: [Attachment] = []) throws(TraceError) {
    path = file ?? ":memory:"
    self.attached = attached
    var handle: OpaquePointer?
    sqlite3_hard_heap_limit64(Self.mostMemory)
    let code = sqlite3_open_v2(
      file.map(TraceFile.plain) ?? ":memory:", &handle,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = SQLiteFailure(handle, code: code)
      sqlite3_close_v2(handle)
      throw TraceError(failure, path: path)
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, 5000)
    for attachment in attached { try attach(attachment) }
    register(QueryFunction.all)
    registerStepLookups()
    do {
      if let other = attached.first?.name { try addComparisons(with: other) }
    } catch {
      throw TraceError(error, path: path)
    }
    try restrict()
  }

  deinit { sqlite3_close_v2(handle) }

  private func attach(_ attachment: Attachment) throws(TraceError) {
    let name = attachment.name
    let isName =
      name.first?.isLetter == true && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    guard isName, !["main", "temp"].contains(name.lowercased()) else {
      throw .badAttachment(name: name, reason: "it is no name for a trace; take letters, as in b")
    }
    try Trace(path: attachment.path).close()
    do {
      let statement = try PreparedStatement(handle, "ATTACH ?1 AS \(Self.quoted(name))")
      statement.bind(1, TraceFile.plain(attachment.path))
      try statement.run()
    } catch {
      throw .badAttachment(name: name, reason: error.message)
    }
  }

  /// Adds the views that compare the trace with another, which is a schema of this name.
  private func addComparisons(with other: String) throws(SQLiteFailure) {
    // As they are written, the other trace is the schema "other".
    let sql = TraceSchema.comparisons.replacing("other.", with: Self.quoted(other) + ".")
    for view in SchemaDefinition.all(in: sql) {
      try PreparedStatement(handle, "CREATE TEMP VIEW" + view.sql.dropFirst("CREATE VIEW".count))
        .run()
    }
  }

  /// From here on, nothing but reading.
  private func restrict() throws(TraceError) {
    try execute("PRAGMA cell_size_check = ON")
    // Most of what is read is read once, from end to end: what was read before would only push what
    // is still needed out of the processor's cache.
    try execute("PRAGMA cache_size = 500")
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Int32(Self.longestValue))
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_set_authorizer(
      handle,
      { context, action, first, second, _, _ in
        guard let context else { return SQLITE_DENY }
        let session = Unmanaged<QuerySession>.fromOpaque(context).takeUnretainedValue()
        let refusal = QueryRules.refusal(
          action: action, first: first.map { String(cString: $0) },
          second: second.map { String(cString: $0) })
        if let refusal { session.refused = refusal }
        return refusal == nil ? SQLITE_OK : SQLITE_DENY
      }, context)
    sqlite3_progress_handler(
      handle, 5000,
      { context in
        guard let context else { return 1 }
        let session = Unmanaged<QuerySession>.fromOpaque(context).takeUnretainedValue()
        return session.mustEnd ? 1 : 0
      }, context)
  }

  /// Whether what runs has to end.
  var mustEnd: Bool { isCancelled() || interrupts() > 0 || watch?.isOutOfTime == true }

  /// Runs statements of our own.
  func execute(_ sql: String) throws(TraceError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw TraceError(SQLiteFailure(handle, code: code), path: path) }
  }

  /// A name as SQL takes it whatever it is.
  static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
}
