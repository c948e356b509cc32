import Basics
import TraceStore

/// The sequences of a pass that holds several, and which rows of its operations are whose.
///
/// What is shown of one of them without a word about which is of the last, as the last row is its.
struct PassSequences {
  /// In the order of their rows.
  let ids: [Int]
  private let tokens: [TraceToken]

  /// - Parameter tokens: those of the pass, in the order of its rows.
  init(_ tokens: [TraceToken]) {
    self.tokens = tokens
    ids = tokens.indices.filter { $0 == 0 || tokens[$0].sequence != tokens[$0 - 1].sequence }
      .map { tokens[$0].sequence }
  }

  /// The rows of a sequence in an output that has one for each token, or one for each sequence.
  ///
  /// - Returns: `nil` for a sequence that the pass has not, and for another number of rows.
  func rows(of sequence: Int, among count: Int) -> Range<Int>? {
    if count == tokens.count {
      let rows = tokens.indices.filter { tokens[$0].sequence == sequence }
      return rows.first.map { $0..<$0 + rows.count }
    }
    guard count == ids.count else { return nil }
    return ids.firstIndex(of: sequence).map { $0..<$0 + 1 }
  }

  /// The last row of a sequence that a command was asked for.
  ///
  /// - Throws: `DebuggerError.badArgument`.
  func lastRow(
    of sequence: Int, among count: Int, for command: String
  ) throws(DebuggerError) -> Int {
    guard let row = rows(of: sequence, among: count)?.last else {
      throw .badArgument(
        command: command, found: "sequence=\(sequence)",
        expected: "a sequence of this pass, which has \(names)")
    }
    return row
  }

  /// The token that a row is of: the last of its sequence where each has one row.
  func token(ofRow row: Int, among count: Int) -> TraceToken? {
    if count == tokens.count { return tokens.indices.contains(row) ? tokens[row] : nil }
    guard count == ids.count, ids.indices.contains(row) else { return nil }
    return tokens.last { $0.sequence == ids[row] }
  }

  /// `sequences 0 to 2`, `sequences 0, 2, 5 to 7`, or `sequence 1 alone`.
  var names: String { ids.count > 1 ? "sequences \(list)" : "sequence \(list) alone" }

  /// `0 to 2`, or `0, 2, 5 to 7`.
  private var list: String {
    var runs: [ClosedRange<Int>] = []
    for id in ids.sorted() {
      if let last = runs.last, id - 1 == last.upperBound {
        runs[runs.count - 1] = last.lowerBound...id
      } else {
        runs.append(id...id)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
      .joined(separator: ", ")
  }

  /// `position 5 of sequence 2 (of 0 to 2), " there"`; without the sequence where there is one.
  func place(of token: TraceToken) -> String {
    guard ids.count > 1 else {
      return "position \(token.position), \(quoted(token.text))"
    }
    return "position \(token.position) of sequence \(token.sequence) (of \(list)), "
      + quoted(token.text)
  }

  /// `top 5 sequence=1` as what stands before the sequence, and that.
  static func split(_ arguments: String) -> (rest: String, sequence: Int?) {
    guard let found = arguments.wholeMatch(of: /(|.*\s)sequence=(\d+)/) else {
      return (arguments, nil)
    }
    return (String(found.1).trimmingSpaces(), Int(found.2))
  }
}

extension DebuggerSession {
  /// The sequences of an operation's pass.
  func sequences(of op: TraceOp) throws -> PassSequences {
    PassSequences(try trace.tokens(inPass: op.pass))
  }

  /// Whose a row of an operation is, where its pass has several sequences.
  func sequenceNote(of op: TraceOp, row: Int) throws -> String? {
    let sequences = try sequences(of: op)
    var (row, count) = (row, op.rows)
    if case .inRows(let tokens) = heads(of: op), tokens > 0 {
      (row, count) = (row % tokens, tokens)
    }
    guard let token = sequences.token(ofRow: row, among: count),
      let other = sequences.ids.first(where: { $0 != token.sequence })
    else { return nil }
    return "(\(sequences.place(of: token)); \"sequence=\(other)\" chooses another.)"
  }
}
