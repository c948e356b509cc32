import Basics
import Foundation

// What was said: the last tokens of every branch, each with the probability that the model gave it.
extension TraceReport {
  /// The most tokens of a branch that are told of.
  private static let longest = 32

  /// A section for each branch, of the tokens that it does not share.
  static func tokens(_ trace: Trace) throws(TraceError) -> [Section] {
    let own = Dictionary(grouping: try trace.allTokens(), by: \.branch)
    let branches = try trace.branches()
    return branches.map { branch in
      let title =
        branches.count > 1 ? "Tokens of branch \(branch.id), from \(origin(branch))" : "Tokens"
      return section(title, of: own[branch.id] ?? [])
    }
  }

  private static func section(_ title: String, of tokens: [TraceToken]) -> Section {
    let generated = tokens.filter { !$0.isPrompt }
    let sequences = Dictionary(grouping: generated, by: \.sequence).sorted { $0.key < $1.key }
    let isParallel = tokens.contains { $0.sequence > 0 }
    let longest = max(1, longest / max(sequences.count, 1))
    let shown = sequences.flatMap { $0.value.suffix(longest) }
    let prompt = tokens.count - generated.count
    let ofEach = isParallel ? " of each sequence" : ""
    let last = shown.count < generated.count ? "; the last \(longest)\(ofEach)" : ""
    return Section(
      title: title,
      lines: [
        """
        \(prompt > 0 ? "\(formatCount(prompt)) of the prompt, " : "")\
        \(formatCount(generated.count)) generated\(last)\(shown.isEmpty ? "." : ":")
        """
      ], table: shown.map { row($0, isParallel: isParallel) },
      columns: [
        isParallel ? "sequence:position" : "position", "token", "probability", "next likeliest",
      ])
  }

  private static func row(_ token: TraceToken, isParallel: Bool) -> [ReportText] {
    let rivals = token.topK.filter { $0.id != token.id }.prefix(2)
    return [
      "\(isParallel ? "\(token.sequence):" : "")\(token.position)",
      "\(theirs: quoted(token.text))\(token.isForced ? " (forced)" : "")",
      "\(percent(token.logprob))",
      ReportText(
        rivals.map { "\(theirs: quoted($0.text)) \(percent($0.logprob))" }, separator: ", "),
    ]
  }

  private static func percent(_ logprob: Double?) -> String {
    logprob.map { tenths(100 * exp($0)) } ?? ""
  }

  static func tenths(_ percent: Double) -> String { String(format: "%.1f %%", percent) }
}
