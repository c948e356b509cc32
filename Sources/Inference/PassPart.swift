/// The tokens of one sequence in a pass.
public struct PassPart: Sendable {
  /// The sequence, counting from 0.
  public let sequence: Int
  /// The position of the first token in its sequence, counting from 0.
  public let position: Int
  /// Rows of the pass's activations, one a token.
  public let rows: Range<Int>

  /// Positions of the sequence after the pass.
  var end: Int { position + rows.count }

  /// Positions of all pages of which the token, counted from the first of the part, sees one.
  func pagedCount(seenBy token: Int) -> Int {
    let page = KVCache.pageLength
    return min((position + token + page) / page * page, end)
  }
}
