import Foundation
import GRDB

extension Trace {
  /// The tokens that went into a pass: sequence after sequence, in the order of their positions.
  public func tokens(inPass pass: Int) throws(TraceError) -> [TraceToken] {
    guard let pass = try self.pass(pass) else { return [] }
    if pass.sequences > 1 {
      return try all(
        "SELECT * FROM token WHERE pass = ? ORDER BY branch, sequence, position", [pass.id],
        decodeToken)
    }
    let last = pass.firstPosition + pass.tokens - 1
    return try all(
      "SELECT * FROM token WHERE branch = ? AND sequence = ? AND position BETWEEN ? AND ?",
      [pass.branch, pass.sequence, pass.firstPosition, last], decodeToken)
  }

  /// The tokens of a branch, with those of the beginning that it shares: of all sequences, one
  /// after the other, in the order of their positions. ``TraceToken/branch`` says which branch was
  /// the first to have each.
  public func tokens(branch: Int = 0) throws(TraceError) -> [TraceToken] {
    try all(
      "SELECT * FROM branch_token WHERE branch = ? ORDER BY sequence, position",
      [branch], decodeBranchToken)
  }

  /// The tokens of every branch, each once: under the branch that was the first to have it.
  public func allTokens() throws(TraceError) -> [TraceToken] {
    try all("SELECT * FROM token ORDER BY branch, sequence, position", [], decodeToken)
  }

  private func decodeBranchToken(_ row: TraceRow) throws -> TraceToken {
    var token = try decodeToken(row)
    token.branch = try row["own_branch"]
    return token
  }

  func decodeToken(_ row: TraceRow) throws -> TraceToken {
    var candidates: [TraceToken.Candidate] = []
    if let json: String = try row["top_k"] {
      do {
        candidates = try JSONDecoder().decode(
          [TraceToken.Candidate].self, from: Data(json.utf8))
      } catch {
        throw TraceError.corrupt(
          path: path, reason: "top_k of position \(try row["position"] as Int)")
      }
    }
    return try TraceToken(
      branch: row["branch"], sequence: row["sequence"], position: row["position"], id: row["id"],
      text: row["text"], isPrompt: row["is_prompt"],
      isForced: row["is_forced"] != 0, logprob: row["logprob"], topK: candidates,
      pass: row["pass"])
  }
}
