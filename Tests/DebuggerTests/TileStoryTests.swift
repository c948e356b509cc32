import Basics
import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct TileStoryTests {
  /// A rehearsal with the model file beside it.
  static func trace(_ folder: ScratchFolder, capture: Capture = .values) throws -> Trace {
    try Rehearsal.llama.write(to: folder.file("model.gguf"))
    try Rehearsal(path: folder.file(), capture: capture).perform()
    return try Trace(path: folder.file())
  }

  /// The story of the example's tile as `info tile` tells it.
  static func story(_ style: TextStyle, model: Bool, capture: Capture = .values) throws -> String {
    let folder = try ScratchFolder()
    let trace = try trace(folder, capture: capture)
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: trace, output: output, style: style,
      modelPath: model ? folder.file("model.gguf") : nil)
    let tile = try #require(try TileStory.example(in: trace))
    _ = session.cursor.go(to: tile)
    try session.execute("info tile")
    return output.text
  }

  @Test func tellsAllThatIsKnown() throws {
    let text = try Self.story(TextStyle(), model: true)
    for line in text.split(separator: "\n") { #expect(displayWidth(String(line)) <= 80) }
    try expectGolden(text, "tile-whole.txt")
  }

  @Test func tellsWhatTheTraceAloneKnows() throws {
    try expectGolden(
      Self.story(TextStyle(width: 60, unicode: false), model: false, capture: .none),
      "tile-trace-alone.txt")
  }

  @Test func colourChangesNothingElse() throws {
    let coloured = try Self.story(TextStyle(palette: .sixteen), model: true)
    #expect(coloured.contains("\u{1B}["))
    #expect(withoutColour(coloured) == (try Self.story(TextStyle(), model: true)))
  }

  /// Any of its steps tells the same story.
  @Test func theStoryIsThatOfTheTileAtAnyOfItsSteps() throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder)
    let tile = try #require(try TileStory.example(in: trace))
    let stories = try (tile...tile + 2).map { step in
      let output = CollectedOutput()
      let session = try DebuggerSession(trace: trace, output: output, style: TextStyle())
      _ = session.cursor.go(to: step)
      try session.execute("info tile")
      return output.text
    }
    #expect(Set(stories).count == 1)
  }

  @Test func theExampleIsAFeedForwardTileOfADecodePass() throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder)
    let id = try #require(try TileStory.example(in: trace))
    let tile = try #require(try trace.tile(id))
    #expect(try trace.pass(at: id)?.kind == .decode)
    #expect(try trace.tensor(tile.tensor)?.role == "ffn_gate")
    #expect(tile.firstRow == 0)
  }

  @Test func aStepWithoutATileSaysSo() throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder)
    #expect(throws: DebuggerError.self) { try TileStory(trace: trace, tile: 1) }
    let session = try DebuggerSession(
      trace: trace, output: CollectedOutput(), style: TextStyle())
    #expect(throws: DebuggerError.self) { try session.execute("info tile") }
  }

  /// Bytes of another model are never shown as this one's.
  @Test func anotherModelIsNotTakenForTheRecordedOne() throws {
    let folder = try ScratchFolder()
    let other = folder.file("other.gguf")
    var llama = Rehearsal.llama
    llama.layers = 1  // tensors at other offsets
    try llama.write(to: other)
    let trace = try Self.trace(folder)
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: trace, output: output, style: TextStyle(), modelPath: other)
    _ = session.cursor.go(to: try #require(try TileStory.example(in: trace)))
    try session.execute("info tile")
    #expect(!output.text.contains("qs"))
  }

  @Test func aFileThatIsNoModelIsAnError() throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder)
    let session = try DebuggerSession(
      trace: trace, output: CollectedOutput(), style: TextStyle(), modelPath: folder.file())
    _ = session.cursor.go(to: try #require(try TileStory.example(in: trace)))
    #expect(throws: (any Error).self) { try session.execute("info tile") }
  }
}

extension TileStory {
  /// A tile worth telling about: of the first decode pass (of the first pass, where there is
  /// none), the first whole tile of a feed-forward or, failing that, of any matrix in a layer.
  ///
  /// - Returns: its number, or `nil` where the trace has no tiles.
  static func example(in trace: Trace) throws -> Int? {
    let passes = try trace.passes()
    guard let pass = passes.first(where: { $0.kind == .decode }) ?? passes.first else { return nil }
    let ops = try trace.ops(inPass: pass.id)
    let chosen = [
      ops.first { $0.name.hasPrefix("ffn_gate-") },
      ops.first { $0.layer != nil && $0.tensor != nil && $0.steps.count > 1 },
    ]
    for case let op? in chosen {
      for step in op.steps where try trace.event(at: step)?.kind == .dequantize { return step }
    }
    return nil
  }
}
