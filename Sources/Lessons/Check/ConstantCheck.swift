extension Values {
  /// What is wrong with values that are the same whatever was recorded, as `SELECT 512` is, a line
  /// each. Those whose queries cannot be asked are not among them.
  ///
  /// - Parameter file: where the values are written.
  func constants(in file: String) -> [String] {
    queries.sorted { $0.key < $1.key }.filter { _, query in
      SQLParameters.names(in: query.sql).isEmpty
        && (try? recordings.isMeasured(by: query)) == false
    }.map { name, _ in
      "\(file): the value \"\(name)\" reads no recording and no other value; what is not measured is "
        + "one of the facts, with its source."
    }
  }
}
