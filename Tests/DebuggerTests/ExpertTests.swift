import Basics
import Inference
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// What the debugger says of a model with 8 experts in each of 2 layers, 3 of them for a token.
@Suite struct ExpertTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func record(_ strategy: StrategyName = .tiled, count: Int = 3) throws {
    try Tiny.record(to: folder.file(), count: count) {
      $0.model = randomModel("qwen3moe")
      $0.prompts = ["Once upon a time"]
      $0.engine.strategy = strategy
      $0.engine.tileRows = 24  // an expert has 32 rows, or 64
      $0.capture = .values
    }
  }

  private func session(_ style: TextStyle = TextStyle()) throws -> (
    DebuggerSession, CollectedOutput
  ) {
    let output = CollectedOutput()
    return (
      try DebuggerSession(trace: Trace(path: folder.file()), output: output, style: style), output
    )
  }

  private func said(
    _ command: String, _ session: DebuggerSession, _ output: CollectedOutput
  ) throws -> String {
    let before = output.text.count
    try session.execute(command)
    return String(output.text.dropFirst(before))
  }

  @Test func tellsWhoWokeAndHowOften() throws {
    try record()
    let text = try Tiny.transcript(
      folder.file(),
      [
        "info experts", "goto pass 1", "info experts", "goto pass 2", "goto ffn_moe_up-1",
        "info experts", "goto end", "info experts",
      ], width: 80)
    for line in text.split(separator: "\n") { #expect(displayWidth(String(line)) <= 80) }
    try expectGolden(text, "experts.txt")
  }

  /// The figures are those of the tables.
  @Test func figuresAreThoseOfTheTables() throws {
    try record()
    let (session, output) = try session()
    try session.execute("goto end")
    let text = try said("info experts", session, output)
    let queries = try session.trace.queries()
    func number(_ sql: String) throws -> Int {
      guard case .integer(let number) = try queries.result(of: sql).single else { return -1 }
      return number
    }
    let pass = try session.trace.passCount()
    let woken = try number(
      "SELECT count(*) FROM (SELECT DISTINCT o.layer, r.expert FROM route r JOIN op o ON o.id = r.op"
        + " WHERE r.pass = \(pass))")
    #expect(text.contains("\(woken) of 16 experts woke: "))
    let read = try number("SELECT sum(bytes) FROM expert_use")
    let whole = try number("SELECT sum(bytes) FROM tensor WHERE name LIKE '%_exps%'")
    let line = text.replacing("\n", with: " ")
    #expect(line.contains("Products read \(formatBytes(read)) of their weights"))
    #expect(line.contains("they would have read \(formatBytes(pass * whole))."))
    let most = try number("SELECT max(tokens) FROM expert_use")
    #expect(line.contains("█ \(most) "))
  }

  @Test func aModelWithoutExpertsSaysSo() throws {
    try Tiny.record(to: folder.file())
    let (session, output) = try session()
    try session.execute("info experts")
    #expect(output.text.hasPrefix("This model has no experts: every token goes through all "))
    #expect(output.text.count { $0 == "\n" } == 1)
  }

  /// More experts than columns share them, and nothing is wider than the terminal.
  @Test(arguments: [20, 40, 80, 300])
  func thePictureFits(width: Int) throws {
    var random = SeededGenerator(seed: 5)
    let layers = (0..<3).map { layer in
      ExpertPicture.Layer(
        layer: layer, tokens: (0..<128).map { _ in max(0, Int.random(in: -3...9, using: &random)) })
    }
    for unicode in [true, false] {
      let style = TextStyle(width: width, unicode: unicode)
      let lines = ExpertPicture(layers: layers).lines(through: 9, style: style)
      for line in lines { #expect(displayWidth(line) <= width, "\(line)") }
      let rows = lines.suffix(3)
      for (row, layer) in zip(rows, layers) {
        #expect(row.hasSuffix("  \(layer.woken)" + (width < 40 ? "" : " of 128")))
        let cells = row.dropFirst(7).prefix { $0 != " " }
        #expect(cells.count == (width == 300 ? 128 : cells.count) && cells.count <= 128)
        if width == 300 {
          #expect(
            cells.map { $0 == (unicode ? "·" : ".") } == layer.tokens.map { $0 == 0 })
        }
        #expect(unicode || row.allSatisfy(\.isASCII))
      }
      let title = lines.dropLast(4).joined(separator: " ")
      #expect(title.contains("experts together") == (width < 300))
    }
    let plain = ExpertPicture(layers: layers).lines(through: 9, style: TextStyle(width: width))
    let coloured = ExpertPicture(layers: layers).lines(
      through: 9, style: TextStyle(width: width, palette: .many))
    #expect(coloured != plain && coloured.map(withoutColour) == plain)
  }

  /// Wherever a tile of an expert is, in a product or before it, its expert is named.
  @Test(arguments: [StrategyName.tiled, .perLayer, .perTensor, .scratch])
  func tilesNameTheirExpert(_ strategy: StrategyName) throws {
    try record(strategy, count: 1)
    let (session, output) = try session(TextStyle(width: 200))
    let queries = try session.trace.queries()
    // Down has 64 rows an expert, of 512.
    let tiles = try queries.result(
      of: """
        SELECT t.id, w.first_row, w.rows, t.used_step, t.freed_step
        FROM tile t JOIN weight_tile w ON w.id = t.weight_tile JOIN tensor s ON s.id = w.tensor
        WHERE s.name = 'blk.1.ffn_down_exps.weight'
        """
    ).rows.map { $0.map { $0.number.map { Int($0) } } }
    #expect(tiles.count >= 3)
    for tile in tiles {
      let (first, rows) = (try #require(tile[1]), try #require(tile[2]))
      let text = "expert \(first / 64), rows \(first)..<\(first + rows) of 512"
      for case let step? in [tile[0], tile[4]] {
        _ = session.cursor.go(to: step)
        let frames = try said("where", session, output)
        #expect(frames.contains("blk.1.ffn_down_exps.weight \(text)"), "\(frames)")
        let list = try said("list \(step)", session, output)
        #expect(list.contains("expert \(first / 64), tile "), "\(list)")
      }
      let story = try said("info tile", session, output)
      #expect(story.hasPrefix("The life of one tile: blk.1.ffn_down_exps.weight \(text)\n"))
      let used = try #require(tile[3])
      #expect(story.contains("MUL_MAT_ID of "))
      #expect(story.contains(" gives \(rows) of the 64 values of ffn_moe_down-1"))
      // The values beside the story are those of the first token that the expert got.
      let op = try #require(try session.trace.op(at: used))
      let router = try #require(try session.trace.op(named: "ffn_moe_weights-1", inPass: 1))
      let row = try #require(
        try session.trace.experts(ofOp: router.id).firstIndex(of: first / 64))
      let values = try #require(try session.trace.value(ofOp: op.id))
      let value = formatReal(Double(values[row * 64 + first % 64]), digits: 4)
      let place = (row > 0 ? "\(row), " : "") + "\(first % 64).."
      #expect(story.contains("ffn_moe_down-1[\(place)"), "\(story)")
      #expect(story.contains("= {\(value), "), "\(story)")
    }
  }

  /// Products without tiles, or with a tile of all experts; and matrices that are no expert's.
  @Test(arguments: [StrategyName.fused, .int4GEMM, .wholeModel])
  func productsNameTheirExpert(_ strategy: StrategyName) throws {
    try record(strategy, count: 1)
    let (session, output) = try session(TextStyle(width: 200))
    let op = try #require(try session.trace.op(named: "ffn_moe_gate-0", inPass: 1))
    let router = try #require(try session.trace.op(named: "ffn_moe_weights-0", inPass: 1))
    var named: Set<Int> = []
    for step in op.steps where try session.trace.event(at: step)?.kind == .multiply {
      let first = try #require(try session.trace.matmul(at: step)).firstRow
      _ = session.cursor.go(to: step)
      let frames = try said("where", session, output)
      #expect(frames.contains(" · expert \(first / 32) "), "\(frames)")
      #expect(frames.contains("expert \(first / 32), rows \(first)..<\(first + 32) of 256"))
      #expect(frames.contains(" = 32 of 32"))
      named.insert(first / 32)
    }
    #expect(named == Set(try session.trace.experts(ofOp: router.id)))
    _ = session.cursor.go(
      to: try #require(try session.trace.op(named: "Qcur-0", inPass: 1)).steps.upperBound)
    let frames = try said("where", session, output)
    #expect(!frames.contains("expert"))
  }
}
