import Foundation
import TestSupport
import Testing

/// Recording over an older trace, which stays until the new one has a pass.
@Suite struct ReplacingTests {
  let nibble: Nibble

  init() throws {
    nibble = try Nibble()
    _ = try nibble("record", "-n", "3", "-o", "t.sqlite")
    _ = try nibble.shell("cp t.sqlite before.sqlite")
  }

  /// The trace is the older one to the byte, and nothing lies beside it.
  private func expectUnchanged(
    _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try nibble.shell("cmp t.sqlite before.sqlite && ls")
    #expect(
      found.code == 0 && found.output == "before.sqlite\nt.sqlite\n", comment,
      sourceLocation: sourceLocation)
  }

  @Test func aModelThatCannotBeLoaded() throws {
    try Data("GGUF".utf8).write(to: URL(fileURLWithPath: nibble.path("cut.gguf")))
    for model in ["absent.gguf", "cut.gguf"] {
      #expect(try nibble("record", "-m", model, "-o", "t.sqlite").code == 1)
    }
    #expect(try nibble.shell("rm cut.gguf").code == 0)
    try expectUnchanged("a model")
  }

  /// The trace is there by then, and the engine cannot be made.
  @Test(.enabled(if: Nibble.canPreload)) func anEngineThatCannotBeMade() throws {
    for command in ["record", "step -p x --batch"] {
      let result = try nibble.shell(
        "env LD_PRELOAD='\(Nibble.preload)' NIBBLE_TEST_NO_THREADS=1 $NIBBLE \(command) "
          + "--threads 4 -o t.sqlite")
      #expect(result.code == 1)
      try expectUnchanged("\(command)")
    }
  }

  /// A file may not grow beyond so many blocks: while the tables are made, and later.
  @Test(arguments: [1, 10, 50, 100])
  func aFullDisk(blocks: Int) throws {
    let prompt = String(repeating: "the little fox ", count: 100)
    let result = try nibble.shell(
      "ulimit -f \(blocks); $NIBBLE record -p '\(prompt)' -n 3 -o t.sqlite")
    #expect(result.code == 1 && result.sentence?.contains("t.sqlite") == true)
    try expectUnchanged("\(blocks) blocks")
  }

  /// The allocation that ended a run is something to show.
  @Test func aBudgetThatEndsTheRunAtOnce() throws {
    #expect(try nibble("record", "--memory-budget", "1MiB", "-o", "t.sqlite").code == 1)
    let rows = try nibble("sql", "t.sqlite", "SELECT count(*) AS n FROM failure", "--format", "csv")
    #expect(rows.output == "n\n1\n")
    #expect(try nibble.shell("ls").output == "before.sqlite\nt.sqlite\n")
  }

  /// A process that is killed while the older trace is aside: whoever comes next finds it.
  @Test(
    .enabled(if: Nibble.canPreload),
    arguments: ["sql t.sqlite 'SELECT 1'", "step t.sqlite --batch", "report t.sqlite"])
  func aKill(next: String) throws {
    let killed = try nibble.shell(
      "env LD_PRELOAD='\(Nibble.preload)' NIBBLE_TEST_KILL_AT=.nibble-older $NIBBLE record -n 1 "
        + "-o t.sqlite; echo $?")
    #expect(killed.output == "137\n")
    #expect(try nibble.shell("ls").output == "before.sqlite\nt.sqlite.nibble-older\n")
    #expect(try nibble.shell("$NIBBLE \(next)").code == 0)
    try expectUnchanged("a kill")
  }
}
