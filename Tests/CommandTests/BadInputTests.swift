import Foundation
import TestSupport
import Testing

/// Damaged, foreign and missing files, full disks, signals: one sentence, exit code 1, and nothing
/// lost that was recorded.
@Suite struct BadInputTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  func tinyBytes() throws -> Data {
    let listing = try nibble("models", "--format", "json").output
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(listing.utf8)) as? [[String: Any]])
    let path = try #require(entries.first { $0["name"] as? String == "tiny" }?["path"] as? String)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  func expectSentence(
    _ result: FinishedProgram, naming name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.code == 1, sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    #expect(
      result.sentence?.contains(name) == true, "\(result.errors)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [0, 3, 4, 23, 24, 1000, 20000, 40000, 1_000_000])
  func truncatedModel(_ size: Int) throws {
    try tinyBytes().prefix(size).write(to: URL(fileURLWithPath: nibble.path("cut.gguf")))
    expectSentence(try nibble("run", "-m", "cut.gguf", "-p", "x"), naming: "cut.gguf")
    expectSentence(try nibble("record", "-m", "cut.gguf", "-o", "t.sqlite"), naming: "cut.gguf")
    #expect(!FileManager.default.fileExists(atPath: nibble.path("t.sqlite")))
  }

  @Test func foreignFiles() throws {
    try "hello".write(toFile: nibble.path("letter.txt"), atomically: true, encoding: .utf8)
    expectSentence(try nibble("run", "-m", "letter.txt", "-p", "x"), naming: "letter.txt")
    expectSentence(try nibble("inspect", "letter.txt"), naming: "letter.txt")
    expectSentence(try nibble("step", "letter.txt"), naming: "letter.txt")
    expectSentence(try nibble("sql", "letter.txt", "SELECT 1"), naming: "letter.txt")
    expectSentence(try nibble("record", "-o", "letter.txt"), naming: "letter.txt")
    #expect(try String(contentsOfFile: nibble.path("letter.txt"), encoding: .utf8) == "hello")
    expectSentence(try nibble("sql", "absent.sqlite", "SELECT 1"), naming: "absent.sqlite")
    expectSentence(try nibble("inspect", "."), naming: ".")
    expectSentence(try nibble("record", "-o", "."), naming: ".")
    expectSentence(try nibble("record", "-o", "no/such/folder/t.sqlite"), naming: "no/such/folder")
    expectSentence(try nibble("run", "-m", "absent.gguf", "-p", "x"), naming: "absent.gguf")
    expectSentence(try nibble("run", "-p", ""), naming: "prompt")
    expectSentence(try nibble("logits", "--ids", "1,5000"), naming: "5000")
    expectSentence(try nibble("record", "-o", "/dev/full"), naming: "/dev/full")
    _ = try nibble.shell("mkfifo pipe")
    expectSentence(try nibble("step", "pipe"), naming: "pipe")
    expectSentence(try nibble("sql", "pipe", "SELECT 1"), naming: "pipe")
  }

  @Test func foreignSQLiteFileAndOtherSchemas() throws {
    _ = try nibble.shell("sqlite3 other.sqlite 'CREATE TABLE t(x)'")
    expectSentence(try nibble("step", "other.sqlite"), naming: "other.sqlite")
    expectSentence(try nibble("record", "-o", "other.sqlite"), naming: "other.sqlite")
    _ = try nibble("record", "-n", "1", "-o", "t.sqlite")
    for version in [3, 9999] {
      _ = try nibble.shell("sqlite3 t.sqlite 'PRAGMA user_version = \(version)'")
      expectSentence(try nibble("step", "t.sqlite"), naming: "schema \(version)")
      expectSentence(try nibble("sql", "t.sqlite", "SELECT 1"), naming: "record it again")
    }
    #expect(try nibble("record", "-n", "1", "-o", "t.sqlite").code == 0)
  }

  @Test func promptLongerThanTheContext() throws {
    let prompt = String(repeating: "the little fox ", count: 400)
    expectSentence(try nibble("run", "-p", prompt), naming: "context is 512 tokens")
    expectSentence(try nibble("logits", "-p", prompt), naming: "context is 512 tokens")
  }

  @Test func modelThatIsNotFetchedNamesTheCommandThatBringsIt() throws {
    let result = try nibble.shell("NIBBLE_MODELS=$PWD/none $NIBBLE run -m smollm2 -p x")
    expectSentence(result, naming: "scripts/fetch-smollm2")
  }

  @Test func outputThatCannotBeWritten() throws {
    let result = try nibble.shell("$NIBBLE models >/dev/full")
    #expect(result.code == 1)
    #expect(result.sentence?.contains("standard output") == true)
  }

  /// The passes of a trace, as the sqlite3 shell counts them; 0 where it cannot.
  func passes(_ name: String) throws -> Int {
    let result = try nibble.shell("sqlite3 \(name) 'SELECT count(*) FROM pass'")
    return Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  @Test func fullDiskKeepsWhatWasFinished() throws {
    // 600 blocks of 512 or 1024 bytes, as the shell counts.
    let result = try nibble.shell("ulimit -f 600; $NIBBLE record -n 100 -o full.sqlite")
    #expect(result.code == 1)
    #expect(result.sentence?.hasPrefix("nibble: full.sqlite: a file may have no more than") == true)
    #expect(result.sentence?.contains("ulimit -f unlimited") == true, "\(result.errors)")
    #expect(try passes("full.sqlite") > 0)
    let status = try nibble.shell(
      "sqlite3 full.sqlite \"SELECT value FROM meta WHERE key = 'status'\"")
    #expect(!status.output.contains("complete"))
  }

  /// A live session that is killed leaves every finished pass, and opens again.
  @Test func killedLiveSession() throws {
    try "generate 400\n".write(
      toFile: nibble.path("commands"), atomically: true, encoding: .utf8)
    let (finished, _) = try end(
      nibble.begin(
        "step", "-p", "Once upon a time", "-o", "ended.sqlite", "-x", "commands", "--batch"),
      with: SIGKILL)
    let opened = try nibble(
      "step", "ended.sqlite", "--batch", "-ex", "goto end", "-ex", "print pass.id")
    #expect(opened.code == 0)
    #expect(opened.output.contains("pass.id = \(finished)"))
  }

  @Test(arguments: [SIGINT, SIGKILL])
  func endedBySignal(_ number: Int32) throws {
    let (finished, process) = try end(
      nibble.begin("record", "-n", "400", "-o", "ended.sqlite"), with: number)
    let read = try nibble(
      "sql", "ended.sqlite", "SELECT count(*) AS n FROM pass", "--format", "csv")
    #expect(read.output.contains("\(finished)"))
    if number == SIGINT {
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == 0)
    }
  }

  /// Ends a program once it has recorded some passes, which stay: how many there are.
  private func end(
    _ program: RunningProgram, with signal: Int32
  ) throws -> (passes: Int, process: Process) {
    let process = program.process
    while process.isRunning, try passes("ended.sqlite") < 3 {}
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    let finished = try passes("ended.sqlite")
    #expect(finished >= 3)
    let gaps = try nibble.shell(
      "sqlite3 ended.sqlite 'SELECT (SELECT max(last_step) FROM pass) = count(*) FROM event'")
    #expect(gaps.output == "1\n")
    return (finished, process)
  }
}
