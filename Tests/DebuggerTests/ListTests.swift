import Foundation
import Inference
import Testing
import TraceStore

/// The lists of strategies and exports: what is made of them, and that nothing else knows a member.
@Suite struct ListTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// README's tables are those of the lists; `NIBBLE_RECORD_GOLDENS=1` makes them anew.
  @Test func tablesAreMadeOfThem() throws {
    var text = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    try replaceTable(
      &text, ["`--strategy`", "what is dequantized, when", "who does this"],
      StrategyName.allCases.map { ["`\($0.rawValue)`", $0.summary, $0.usedBy] })
    try replaceTable(
      &text, ["`--format`", "gives", "for"],
      ExportFormat.allCases.map { format in
        let path = "`\(format.defaultPath(for: "story.sqlite"))`"
        let gives = format.shape == .folder ? "the folder \(path)" : path
        return ["`\(format.rawValue)`", gives, format.summary]
      })
    try expectDocument(text, "README.md")
  }

  /// Puts `rows` under the only table with that head.
  private func replaceTable(_ text: inout String, _ head: [String], _ rows: [[String]]) throws {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let start = line(head) + "|---|---|---|\n"
    let parts = text.components(separatedBy: start)
    try #require(parts.count == 2, "README.md has one table with the head \(head)")
    let end = try #require(parts[1].range(of: "\n\n")).lowerBound
    text = parts[0] + start + rows.map(line).joined() + parts[1][parts[1].index(after: end)...]
  }

  @Test func namesReadBack() {
    for strategy in StrategyName.allCases {
      #expect(StrategyName(rawValue: strategy.rawValue) == strategy)
    }
    #expect(Set(StrategyName.allCases).count == StrategyName.allCases.count)
    #expect(StrategyName(rawValue: "none") == nil)
    for format in ExportFormat.allCases {
      #expect(ExportFormat(rawValue: format.rawValue) == format)
    }
    let paths = ExportFormat.allCases.map { $0.defaultPath(for: "story.sqlite") }
    #expect(Set(paths).count == paths.count && ExportFormat(rawValue: "none") == nil)
  }

  /// A strategy's name is in its own file alone.
  @Test func nothingElseKnowsAStrategy() throws {
    let sources = Self.root.appending(path: "Sources").path
    let files = try FileManager.default.subpathsOfDirectory(atPath: sources)
      .filter { $0.hasSuffix(".swift") }
    for strategy in StrategyName.allCases {
      let knowing = try files.filter {
        try String(contentsOfFile: "\(sources)/\($0)", encoding: .utf8)
          .contains("\"\(strategy.rawValue)\"")
      }
      #expect(knowing.count == 1, "\(strategy.rawValue) is in \(knowing)")
      #expect(knowing.first?.hasPrefix("Inference/Strategies/") == true)
    }
  }
}
