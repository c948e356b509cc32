import Inference
import TraceStore

/// What to do where something that is asked about is not there.
extension DebuggerSession {
  /// Where no pass is.
  var passAdvice: String {
    get throws {
      if try trace.passCount() > 0 { return "\"goto pass 1\" goes to the first" }
      return canGrow
        ? "\"continue\" at the end runs the first" : "the run ended before its first"
    }
  }

  /// Where no operation is.
  var opAdvice: String { get throws { try advice(toMoveBy: "next") } }

  /// Where no product is.
  var matmulAdvice: String { get throws { try advice(toMoveBy: "step") } }

  /// - Parameter move: a move that leads from operation to operation, or within them.
  private func advice(toMoveBy move: String) throws -> String {
    if try cursor.startOfOp(after: cursor.step) != nil { return "\"\(move)\" goes on to one" }
    if canGrow { return "\"continue\" at the end runs the next pass" }
    return try trace.passCount() > 0
      ? "\"reverse-\(move)\" goes back to one" : "the run ended before its first pass"
  }

  /// Where no tile is.
  var tileAdvice: String {
    get throws {
      let name = try trace.pass(at: cursor.step)?.strategy ?? meta["strategy"] ?? ""
      switch StrategyName(rawValue: name)?.tiles {
      case .nothing:
        return "\(name) makes none: it multiplies packed weights where they lie"
      case .model: return "\(name) makes them all while it loads, from \"goto start\" on"
      case .rows, .matrix, .layer, nil: return try matmulAdvice
      }
    }
  }
}
