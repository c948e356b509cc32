/// What a piece of a condition is at each of some events, judged where it can change: at each
/// operation, product, tile or buffer once, read in order of their steps. An event is looked up in the
/// set of operations or steps at which the piece is another than where there is nothing that it
/// speaks of.
struct SearchSets {
  /// SQL over the event `e` that is 1 where the piece holds and 0 elsewhere.
  let sql: String
  /// The tables that `sql` reads, as WITH defines them.
  let definitions: String

  /// - Parameters:
  ///   - piece: SQL over the aliases of ``SearchTable``, never NULL.
  ///   - number: no two of a query have the same.
  ///   - tables: those that it reads; the result is `nil` where they are not of one kind.
  ///   - ops: the operations that lie in the steps, wholly or in part.
  init?(
    of piece: String, _ tables: Set<SearchTable>, in steps: ClosedRange<Int>,
    ops: ClosedRange<Int>, number: Int
  ) {
    let (zero, all, keys) = ("_none\(number)", "_changed\(number)", "_keys\(number)")
    let holds = "(CASE WHEN \(piece) THEN 1 ELSE 0 END)"
    let (first, last) = (steps.lowerBound, steps.upperBound)
    /// What is selected of the rows at which the piece is another than without any.
    let isChanged = "\(holds) <> (SELECT holds FROM \(zero))"
    func changed(_ columns: String, of rows: String, where condition: String) -> String {
      "SELECT \(columns) FROM \(rows) WHERE \(condition) AND \(isChanged)"
    }
    /// The step and the end of each buffer that is `chosen` and can be freed in these steps: of those
    /// made since the pass began, and those that outlive the pass that they were made in.
    func buffers(_ alias: String, of rows: String, where chosen: String) -> [String] {
      let start = "(SELECT coalesce(max(first_step), 0) FROM pass WHERE first_step <= \(first))"
      let select = "SELECT \(alias).id, \(alias).freed_step FROM"
      return [
        "\(select) \(rows) WHERE \(alias).id BETWEEN \(start) AND \(last) AND \(chosen)",
        "\(select) _kept AS v CROSS JOIN \(rows)"
          + " WHERE v.id < \(start) AND \(alias).id = v.id AND \(chosen)",
      ]
    }

    let none: String
    let parts: [String]
    var users = ""
    // Where something is freed the negative of the step stands: there a tile may be made in the place
    // of another.
    var key = "CASE e.kind WHEN \(EventKind.free.rawValue) THEN -e.step ELSE e.step END"
    if tables.isEmpty {
      return nil
    } else if tables.isSubset(of: [.op, .node]) {
      let node = "LEFT JOIN _node AS n ON n.id = o.node"
      key = "coalesce(e.op, 0)"
      none = "_op AS o ON o.id = NULL \(node)"
      parts = [
        changed(
          "o.id, NULL", of: "_op AS o \(node)",
          where: "o.id BETWEEN \(ops.lowerBound) AND \(ops.upperBound)")
      ]
    } else if tables == [.matmul] {
      none = "matmul AS x ON x.step = NULL"
      parts = [
        changed("x.step, NULL", of: "matmul AS x", where: "x.step BETWEEN \(first) AND \(last)")
      ]
    } else if tables.isSubset(of: [.tile, .weightTile, .tileTensor]) {
      let tensor = "LEFT JOIN tensor AS u ON u.id = w.tensor"
      let rest = "LEFT JOIN weight_tile AS w ON w.id = t.weight_tile \(tensor)"
      none = "tile AS t ON t.id = NULL \(rest)"
      if tables.contains(.tile) {
        parts = buffers("t", of: "tile AS t \(rest)", where: isChanged)
      } else {
        // The same rows of a tensor come back in every pass.
        let rows = changed("w.id", of: "weight_tile AS w \(tensor)", where: "true")
        parts = buffers("t", of: "tile AS t", where: "t.weight_tile IN (\(rows))")
      }
      users = """
        UNION ALL SELECT x.step FROM matmul AS x
        WHERE x.step BETWEEN \(first) AND \(last) AND x.tile IN (SELECT id FROM \(all))
        """
    } else if tables.isSubset(of: [.eventWeightTile, .allocation, .failure]) {
      let (weightTile, allocation) = ("weight_tile AS y", "_allocation AS a")
      let failure = "failure AS f"
      // What is looked up by NULL is not there, at no cost.
      let noWeightTile = "LEFT JOIN \(weightTile) ON y.id = NULL"
      let noAllocation = "LEFT JOIN \(allocation) ON a.id = NULL"
      let noFailure = "LEFT JOIN \(failure) ON f.step = NULL"
      none = "\(weightTile) ON y.id = NULL \(noAllocation) \(noFailure)"
      var changes: [String] = []
      if tables.contains(.eventWeightTile) {
        // The same rows of a tensor come back in every pass.
        let rows = changed("y.id", of: "\(weightTile) \(noAllocation) \(noFailure)", where: "true")
        changes += buffers(
          "b", of: "tile AS b", where: "b.in_buffer IS NULL AND b.weight_tile IN (\(rows))")
      }
      if tables.contains(.allocation) {
        changes += buffers("a", of: "\(allocation) \(noWeightTile) \(noFailure)", where: isChanged)
      }
      if tables.contains(.failure) {
        changes.append(
          changed(
            "f.step, NULL", of: "\(failure) \(noWeightTile) \(noAllocation)",
            where: "f.step BETWEEN \(first) AND \(last)"))
      }
      parts = changes
    } else {
      return nil
    }
    definitions = """
      \(zero) AS MATERIALIZED (SELECT \(holds) AS holds FROM (SELECT 1) LEFT JOIN \(none)),
      \(all) (id, freed) AS MATERIALIZED (\(parts.joined(separator: " UNION ALL "))),
      \(keys) (step) AS MATERIALIZED (
        SELECT id FROM \(all) UNION ALL SELECT -freed FROM \(all) WHERE freed IS NOT NULL \(users))
      """
    // Where nothing changes it, nothing is looked up at the events.
    let holdsNowhere = "(SELECT holds FROM \(zero))"
    sql = """
      (CASE WHEN EXISTS (SELECT 1 FROM \(keys)) THEN (\(key) IN \(keys)) <> \(holdsNowhere)
      ELSE \(holdsNowhere) END)
      """
  }
}
