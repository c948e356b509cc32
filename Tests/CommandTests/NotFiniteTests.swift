import TestEngine
import TestSupport
import Testing

/// A model whose pass becomes infinite: exit code 1, and one sentence that names the operation.
@Suite struct NotFiniteTests {
  let nibble: Nibble

  init() throws {
    nibble = try Nibble()
    _ = try NotFiniteModel(in: nibble.folder)
  }

  private func expectSentence(
    _ result: FinishedProgram, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.code == 1, sourceLocation: location)
    let lines = result.errors.split(separator: "\n").filter { $0.contains("is not finite") }
    #expect(
      lines.count == 1 && lines[0].contains("The result of 'ffn_norm-2' is not finite ("),
      "\(result.errors)", sourceLocation: location)
    #expect(lines.first?.count ?? 999 < 220, sourceLocation: location)
  }

  @Test func commandsThatKeepNoTrace() throws {
    let run = try nibble("run", "-m", "damaged.gguf", "-p", "Once", "-n", "2")
    expectSentence(run)
    #expect(run.sentence != nil && run.output == "Once\n")
    let logits = try nibble("logits", "-m", "damaged.gguf", "-p", "Once")
    expectSentence(logits)
    #expect(logits.sentence != nil && logits.output.isEmpty)
    let comparison = try nibble("compare", "-m", "damaged.gguf", "-n", "2")
    expectSentence(comparison)
    #expect(comparison.sentence != nil)
  }

  @Test(arguments: ["record", "demo"])
  func theTraceIsKept(command: String) throws {
    #expect(try nibble("record", "-n", "1", "-o", "t.sqlite").code == 0)
    let result = try nibble(command, "-m", "damaged.gguf", "-n", "2", "-o", "t.sqlite")
    expectSentence(result)
    let next = result.errors.split(separator: "\n").last ?? ""
    #expect(next.hasPrefix("Next: `") && next.hasSuffix(" step t.sqlite` stands where it failed."))
    if command == "record" {
      #expect(result.output.contains("finished     no pass"))
      #expect(
        result.output.contains("t.sqlite, ") && result.output.contains("in place of an older"))
    }
    #expect(try nibble.shell("ls").output == "damaged.gguf\nt.sqlite\n")
    let stop = try nibble("step", "t.sqlite", "-ex", "print op.name", "--batch")
    #expect(stop.output.contains("ffn_norm-2"), "\(stop.output) \(stop.errors)")
  }

  @Test func aLiveRunGoesOn() throws {
    let result = try nibble(
      "step", "-m", "damaged.gguf", "-p", "Once", "-o", "t.sqlite",
      input: "goto end\ncontinue\nprint op.name\n")
    #expect(result.code == 0)
    #expect(result.errors.contains("The result of 'ffn_norm-2' is not finite ("))
    #expect(result.output.contains("op.name = ffn_norm-2"), "\(result.output)")
    let status = try nibble("sql", "t.sqlite", "SELECT value FROM meta WHERE key = 'status'")
    #expect(status.output.contains("error"))
  }
}
