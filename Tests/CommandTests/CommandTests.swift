import Foundation
import Inference
import Testing
import TraceStore

/// What each command prints and how it exits, on the built-in model.
@Suite struct CommandTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(
    arguments: [
      "demo", "record", "step", "sql", "export", "report", "run", "logits", "tokenize", "inspect",
      "quantize", "models",
    ])
  func helpHasAnExample(_ command: String) throws {
    let result = try nibble(command, "--help")
    #expect(result.code == 0)
    #expect(result.output.contains("EXAMPLE: \(Nibble.binary) \(command)"))
    #expect(result.errors.isEmpty)
  }

  /// Help names every member of a list, with its line.
  @Test func helpHasTheLists() throws {
    func words(_ command: String) throws -> String {
      try nibble(command, "--help").output.split { $0.isWhitespace }.joined(separator: " ")
    }
    for command in ["record", "step", "run", "logits"] {
      let help = try words(command)
      for strategy in StrategyName.allCases {
        #expect(help.contains("\(strategy.rawValue) - \(strategy.summary)"), "\(command)")
      }
    }
    let help = try words("export")
    for format in ExportFormat.allCases {
      #expect(help.contains("\(format.rawValue) - \(format.summary)"))
    }
  }

  @Test(
    arguments: [
      ["no-such-command"], ["run"], ["record", "--strategy", "no-such-strategy"],
      ["record", "--tile-rows", "0"], ["record", "-n", "-1"], ["record", "--threads", "0"],
      ["logits"], ["logits", "--ids", "1,x"], ["logits", "--ids", "1", "--top", "none"],
      ["record", "--memory-budget", "96M"], ["run", "-p", "x", "--memory-budget", "0"],
      ["logits", "-p", "x", "--memory-budget", "-5MiB"], ["record", "--memory-budget", "much"],
      ["inspect", "tiny", "--block", "1"], ["sql"], ["step"], ["run", "-p", "x", "--ubatch", "0"],
      ["step", "x.sqlite", "-p", "x"], ["step", "x.sqlite", "--strategy", "fused"],
      ["step", "x.sqlite", "-o", "y.sqlite"], ["step", "-p", "x", "--tile-rows", "0"],
      ["step", "-p", "x", "--threads", "0"], ["step", "-o", "y.sqlite"], ["export"],
      ["export", "x.sqlite"], ["export", "x.sqlite", "--format", "no-such-format"],
      ["export", "x.sqlite", "--format", "csv", "-o", "-"], ["report"],
      ["export", "x.sqlite", "--format", "svg", "--with", "y.sqlite"],
      ["report", "x.sqlite", "--format", "no-such-format"],
    ])
  func wrongUsageExitsWithTwo(_ arguments: [String]) throws {
    let result = try nibble.shell("$NIBBLE " + arguments.joined(separator: " "))
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    #expect(!result.errors.isEmpty)
  }

  @Test func stepRunsAModelAsItGoes() throws {
    let result = try nibble(
      "step", "-p", "Once upon a time", "-o", "live.sqlite", "--batch", "-ex", "goto end", "-ex",
      "generate 3", "-ex", "info passes")
    #expect(result.code == 0 && result.errors.isEmpty)
    #expect(result.output.contains("Passes 2 to 4 took in"))
    #expect(!FileManager.default.fileExists(atPath: nibble.path("live.sqlite-wal")))
    let text = try nibble("run", "-p", "Once upon a time", "-n", "3")
    let tokens = try nibble(
      "sql", "live.sqlite", "SELECT group_concat(text, '') AS text FROM token WHERE pass",
      "--format", "csv")
    #expect(tokens.output.contains(text.output.trimmingCharacters(in: .newlines)))
    let failed = try nibble(
      "step", "-p", "Once", "--memory-budget", "1MiB", "-o", "x.sqlite", "--batch")
    #expect(failed.code == 1 && failed.sentence?.contains("packed weights") == true)
  }

  @Test func runAndRecordGiveTheSameTokens() throws {
    let run = try json(
      try nibble("run", "-p", "Once upon a time", "-n", "12", "--format", "json").output)
    let ids = try #require(run["ids"] as? [Int])
    let text = try #require(run["text"] as? String)
    #expect(ids.count == 12)
    #expect(run["prefill_tokens_per_s"] is Double)
    #expect(run["decode_tokens_per_s"] is Double)
    let record = try nibble("record", "-n", "12", "-o", "t.sqlite")
    #expect(record.code == 0)
    #expect(record.output.contains("Once upon a time" + text))
    let tokens = try nibble(
      "sql", "t.sqlite", "SELECT group_concat(id) AS ids FROM token WHERE NOT is_prompt",
      "--format", "csv")
    let expected = ids.map(String.init).joined(separator: ",")
    #expect(
      tokens.output == "ids\r\n\"\(expected)\"\r\n" || tokens.output == "ids\n\"\(expected)\"\n")
    let plain = try nibble("run", "-p", "Once upon a time", "-n", "12")
    #expect(plain.output == "Once upon a time" + text + "\n")
  }

  @Test func logitsOfTextAndOfItsIDsAreTheSame() throws {
    let tokens = try json(try nibble("tokenize", "-p", "Once upon", "--format", "json").output)
    let ids = try #require(tokens["ids"] as? [Int])
    #expect((tokens["pieces"] as? [String])?.joined() == "Once upon")
    let byText = try nibble("logits", "-p", "Once upon", "--format", "json", "--threads", "1")
    let byIDs = try nibble(
      "logits", "--ids", ids.map(String.init).joined(separator: ","), "--format", "json",
      "--threads", "2")
    #expect(byText.code == 0)
    #expect(byText.output == byIDs.output)
    let top = try #require(try json(byText.output)["top"] as? [[Double]])
    #expect(top.count == 10)
    #expect(top.map { $0[1] } == top.map { $0[1] }.sorted(by: >))
    let all = try json(
      try nibble("logits", "-p", "Once upon", "--top", "all", "--format", "json").output)
    #expect((all["top"] as? [[Double]])?.count == 1024)
  }

  @Test(arguments: ["f32", "f16", "q8_0", "q4_0"])
  func everyKVTypeRuns(_ type: String) throws {
    let result = try nibble(
      "logits", "-p", "Once upon a", "--kv-type", type, "--top", "1", "--format", "json")
    #expect(result.code == 0)
    let top = try #require(try json(result.output)["top"] as? [[Double]])
    let text = try nibble("tokenize", "-p", " time", "--format", "json").output
    #expect((try json(text)["ids"] as? [Int])?.first == top.first.map { Int($0[0]) })
  }

  /// A block of nf4 is not in the file as it is in memory: what is there are its nibbles.
  @Test func inspectFindsTheNibblesOfCompanions() throws {
    #expect(try nibble("quantize", "tiny", "nf4.gguf", "--type", "nf4").code == 0)
    let name = "blk.0.attn_q.weight"
    let block = try json(
      try nibble("inspect", "nf4.gguf", name, "--block", "5", "--format", "json").output)
    let offset = try #require(block["offset"] as? Int)
    let file = try Data(contentsOf: URL(fileURLWithPath: nibble.path("nf4.gguf")))
    let stored = file[offset..<offset + 32].map { String(format: "%02x", $0) }
    #expect((block["bytes"] as? String)?.hasSuffix(stored.joined(separator: " ")) == true)
    let text = try nibble("inspect", "nf4.gguf", name, "--block", "5").output
    #expect(text.contains("of memory, whose nibbles are at byte \(offset) of the file"))
  }

  @Test func inspectLaysABlockOpen() throws {
    let listing = try json(try nibble("inspect", "tiny", "--format", "json").output)
    let tensors = try #require(listing["tensors"] as? [[String: Any]])
    #expect(tensors.count == 38)
    let result = try nibble(
      "inspect", "tiny", "blk.0.attn_q.weight", "--block", "3", "--format", "json")
    let block = try json(result.output)
    let quants = try #require(block["quants"] as? [Int])
    let values = try #require(block["values"] as? [Double])
    let parts = try #require(block["sub_blocks"] as? [[String: Double]])
    #expect(values.count == 256)
    #expect(parts.count == 8)
    for (index, value) in values.enumerated() {
      let part = parts[index / 32]
      let scale = Float(try #require(part["scale"]))
      let minimum = Float(try #require(part["minimum"]))
      #expect(Float(value) == scale * Float(quants[index]) - minimum)
    }
    let bytes = try #require(block["bytes"] as? String)
    let offset = try #require(block["offset"] as? Int)
    let models = try nibble("models", "--format", "json").output
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(models.utf8)) as? [[String: Any]])
    let path = try #require(entries.first { $0["name"] as? String == "tiny" }?["path"] as? String)
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(offset))
    let raw = try #require(try file.read(upToCount: 144))
    #expect(raw.map { String(format: "%02x", $0) }.joined(separator: " ") == bytes)
    let past = try nibble("inspect", "tiny", "blk.0.attn_q.weight", "--block", "99999999")
    #expect(past.code == 1)
    #expect(past.sentence?.contains("has 256 blocks") == true)
    let wrong = try nibble("inspect", "tiny", "blk.9.attn_q.weight")
    #expect(wrong.code == 1)
    #expect(wrong.sentence?.contains("blk.9.attn_q.weight") == true)
  }

  @Test func sqlReadsStandardInputAndWritesNothing() throws {
    _ = try nibble("record", "-n", "1", "-o", "t.sqlite")
    let count = try nibble(
      "sql", "t.sqlite", "--format", "csv", input: "SELECT count(*) AS n FROM pass;")
    #expect(count.output.split(whereSeparator: \.isNewline) == ["n", "1"])
    for query in [
      "DELETE FROM meta", "ATTACH 'x' AS y", "SELECT load_extension('x')", "PRAGMA user_version=9",
      "CREATE TABLE t(x)", "VACUUM INTO 'copy.sqlite'", "SELECT nothing FROM pass", "SELEC 1",
    ] {
      let result = try nibble("sql", "t.sqlite", query)
      #expect(result.code == 1, "\(query)")
      #expect(result.output.isEmpty, "\(query)")
      #expect(!result.errors.isEmpty, "\(query)")
    }
    let after = try nibble(
      "sql", "t.sqlite", "SELECT count(*) > 5 AS n FROM meta", "--format", "csv")
    #expect(after.output.split(whereSeparator: \.isNewline) == ["n", "1"])
    #expect(!FileManager.default.fileExists(atPath: nibble.path("copy.sqlite")))
  }

  @Test func textsOfTokensJoinToThePrompt() throws {
    let prompt = "héllo 🦙 漢字"
    _ = try nibble("record", "-p", prompt, "-n", "1", "-o", "t.sqlite")
    let texts = try nibble(
      "sql", "t.sqlite", "SELECT group_concat(text, '') AS t FROM token WHERE is_prompt",
      "--format", "json")
    #expect(texts.output.contains(prompt))
  }

  @Test func aBudgetThatIsTooSmallIsAPostMortem() throws {
    let result = try nibble(
      "record", "--strategy", "whole-model", "--memory-budget", "4MiB", "-o", "failed.sqlite")
    #expect(result.code == 1)
    #expect(
      result.output.contains("budget       4 MiB, which 'blk.1.attn_k.weight rows 0..<128'"))
    #expect(result.output.contains("would fit    `per-layer` needs 3.5 MiB, `per-tensor` needs"))
    #expect(
      result.errors.hasPrefix("nibble: 'blk.1.attn_k.weight rows 0..<128' asks for 64 KiB"))
    #expect(result.errors.contains("step failed.sqlite"))
    let step = try nibble("step", "failed.sqlite", "-ex", "where", "-ex", "info buffers", "--batch")
    #expect(step.code == 0)
    #expect(step.output.contains("FAIL(blk.1.attn_k.weight rows 0..<128)"))
    #expect(step.output.contains("token_embd.weight"))
    let sql = try nibble(
      "sql", "failed.sqlite", "SELECT category, bytes FROM failure", "--format", "csv")
    #expect(sql.output.contains("weights_dequantized,65536"))
    for command in [["run", "-p", "Once"], ["logits", "-p", "Once"]] {
      let failed = try nibble.shell(
        "$NIBBLE " + (command + ["--memory-budget", "1MB"]).joined(separator: " "))
      #expect(failed.code == 1)
      #expect(failed.errors.contains("'packed weights (mapped file)' asks for 1.8 MiB"))
    }
    let enough = try nibble("run", "-p", "Once", "-n", "2", "--memory-budget", "8 MiB")
    #expect(enough.code == 0)
  }

  @Test func aTileOfScratchSaysWhereItLies() throws {
    _ = try nibble("record", "--strategy", "scratch", "-n", "1", "-o", "t.sqlite")
    let step = try nibble("sql", "t.sqlite", "SELECT min(id) FROM tile", "--format", "csv")
    let tile = step.output.split(whereSeparator: \.isNewline).last ?? ""
    let result = try nibble(
      "step", "t.sqlite", "-ex", "goto \(tile)", "-ex", "info tile", "-ex", "print tile.in_buffer",
      "-ex", "info buffers", "-ex", "step 2", "--batch")
    #expect(result.code == 0)
    let text = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("32 KiB are free for the next tile in 'scratch of thread 0'"))
    #expect(text.contains("tile.in_buffer = 2 "))
    #expect(text.contains("96 KiB weights_dequantized 2 the end scratch of thread 0"))
    #expect(text.contains("rows 0..<64 of 256) = 32 KiB for the next tile"))
  }

  @Test func stepRunsCommandsInBatch() throws {
    _ = try nibble("record", "-n", "2", "-o", "t.sqlite")
    let result = try nibble(
      "step", "t.sqlite", "-ex", "goto 100", "-ex", "step 5", "-ex", "reverse-step 5", "-ex",
      "where", "-ex", "mem", "--batch")
    #expect(result.code == 0)
    #expect(result.output.contains("100"))
    #expect(result.errors.isEmpty)
    let failing = try nibble(
      "step", "t.sqlite", "-ex", "no-such-command", "-ex", "where", "--batch")
    #expect(failing.code == 1)
    #expect(failing.output.isEmpty)
  }

  @Test func demoTellsAndNamesWhatToTypeNext() throws {
    let result = try nibble("demo", "-n", "4", "-o", "d.sqlite")
    #expect(result.code == 0)
    for part in ["packed", "born", "used", "freed", "Live memory", "step d.sqlite"] {
      #expect(result.output.contains(part), "\(part)")
    }
    // Every command that it tells the reader to type works as typed.
    let commands = result.output.split(separator: "\n").map(String.init).filter {
      $0.contains(Nibble.binary)
    }
    #expect(commands.count >= 2)
    for line in commands {
      let command = line.components(separatedBy: "  ").first { $0.contains(Nibble.binary) } ?? ""
      #expect(try nibble.shell(command + " </dev/null").code == 0, "\(command)")
    }
  }

  @Test func quantizeKeepsWhatIsAskedFor() throws {
    struct Listing: Decodable {
      struct Tensor: Decodable { let name, to: String }
      let tensors: [Tensor]
    }
    let result = try nibble(
      "quantize", "tiny", "kept.gguf", "--type", "q4_0", "--keep", "token_embd*=q5_1", "--keep",
      "blk.0.*=q8_0", "--format", "json")
    #expect(result.code == 0)
    let listing = try JSONDecoder().decode(Listing.self, from: Data(result.output.utf8))
    let types = Dictionary(uniqueKeysWithValues: listing.tensors.map { ($0.name, $0.to) })
    #expect(types["token_embd.weight"] == "q5_1")
    #expect(types["blk.0.attn_q.weight"] == "q8_0")
    #expect(types["blk.0.attn_norm.weight"] == "f32")

    let anew = try nibble("quantize", "kept.gguf", "anew.gguf", "--type", "q5_0")
    #expect(anew.errors.contains("warning: kept.gguf is packed as"))
    let floats = try nibble("quantize", "kept.gguf", "floats.gguf", "--type", "f32")
    #expect(floats.code == 0 && !floats.errors.contains("warning"))

    let absent = try nibble("quantize", "tiny", "x.gguf", "--type", "q4_0", "--keep", "nothing*")
    #expect(absent.code == 1)
    #expect(absent.errors.contains("no tensor whose name matches 'nothing*'"))
    let unknown = try nibble("quantize", "tiny", "x.gguf", "--type", "q4_0", "--keep", "blk*=q9")
    #expect(unknown.code == 2)
    #expect(!FileManager.default.fileExists(atPath: nibble.path("x.gguf")))
  }

  @Test func quantizeWritesAModelThatRuns() throws {
    let result = try nibble("quantize", "tiny", "q8.gguf", "--type", "q8_0")
    #expect(result.code == 0)
    let run = try nibble("run", "-m", "q8.gguf", "-p", "Once upon a", "-n", "1")
    #expect(run.output == "Once upon a time\n")
    // The input itself and what is no model are not replaced.
    #expect(try nibble("quantize", "q8.gguf", "q8.gguf", "--type", "q4_0").code == 1)
    try "hello".write(toFile: nibble.path("letter.txt"), atomically: true, encoding: .utf8)
    #expect(try nibble("quantize", "tiny", "letter.txt", "--type", "q4_0").code == 1)
    #expect(try String(contentsOfFile: nibble.path("letter.txt"), encoding: .utf8) == "hello")
    #expect(try nibble("quantize", "tiny", "x.gguf", "--type", "q2_k").code == 2)
  }
}
