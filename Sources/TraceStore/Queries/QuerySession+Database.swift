extension QuerySession {
  /// Opens an SQLite file that is no trace, or an empty database, for queries under the same rules.
  ///
  /// - Parameter path: the file, or `nil` for none.
  /// - Throws: ``TraceError`` where it cannot be opened.
  public convenience init(database path: String?) throws(TraceError) {
    try self.init(checked: path)
  }
}
