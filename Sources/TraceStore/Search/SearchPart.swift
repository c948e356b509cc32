import Basics
import Synchronization

/// A row that a search found.
typealias FoundRow = (step: Int, value: SQLValue)

/// A part of the steps of a search, and the connection that looks through it.
struct SearchPart: @unchecked Sendable {  // the session belongs to one thread at a time
  let session: QuerySession
  let sql: String

  /// Looks through some parts at once, one on this thread. What the first of them finds, or where
  /// it fails, counts, and ends those after it.
  static func firstRow(of parts: [SearchPart]) throws -> FoundRow? {
    guard let first = parts.first else { return nil }
    let race = Race()
    let others = parts.enumerated().dropFirst().map { index, part in
      part.session.interrupts = first.session.interrupts
      part.session.endProcess = first.session.endProcess
      part.session.isCancelled = { race.isDecided(before: index) }
      return Concurrently { try race.run(index, part.firstRow) }
    }
    let own = Result { try race.run(0, first.firstRow) }
    // All of them end before their sessions are asked again.
    let results = [own] + others.map { other in Result { try other.value() } }
    for result in results {
      if let row = try result.get() { return row }
    }
    return nil
  }

  private func firstRow() throws -> FoundRow? {
    var found: FoundRow?
    try session.run(
      sql, columns: { _ in },
      row: { row in
        if case .integer(let step)? = row.first, let value = row.last { found = (step, value) }
        return false
      })
    return found
  }

  /// Which of the parts has something to say.
  private final class Race: Sendable {
    private let first = Atomic(Int.max)

    func isDecided(before index: Int) -> Bool { first.load(ordering: .relaxed) < index }

    func run(_ index: Int, _ search: () throws -> FoundRow?) throws -> FoundRow? {
      let result = Result { try search() }
      if case .success(nil) = result { return nil }
      first.min(index, ordering: .relaxed)
      return try result.get()
    }
  }
}
