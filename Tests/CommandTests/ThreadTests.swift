import Foundation
import TestSupport
import Testing

/// A system that starts no thread, at a limit of processes or of memory: nibble works with those
/// that it has, or says so, and waits for nothing.
@Suite(.enabled(if: Nibble.canPreload)) struct ThreadTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  /// Runs nibble where no thread can be started; 124 if it does not end.
  private func alone(_ arguments: String) throws -> FinishedProgram {
    try nibble.shell(
      "timeout -s KILL 120 env LD_PRELOAD='\(Nibble.preload)' NIBBLE_TEST_NO_THREADS=1 "
        + "\"$NIBBLE\" \(arguments)")
  }

  @Test func aModelIsRun() throws {
    let result = try alone("run -p 'Once upon' -n 3 --threads 1")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output == (try nibble("run", "-p", "Once upon", "-n", "3").output))
  }

  @Test(arguments: ["run -p x", "record -o t.sqlite", "step -p x -o t.sqlite --batch"])
  func threadsThatWereAskedForAreMissed(_ command: String) throws {
    let result = try alone("\(command) --threads 4")
    #expect(result.code == 1)
    #expect(
      result.sentence == "nibble: The system did not start 4 threads; try fewer with --threads.",
      "\(result.errors)")
  }

  @Test func aTraceIsRecordedSearchedAndAsked() throws {
    #expect(try alone("record -n 3 -o t.sqlite").code == 0)
    let rows = try alone("sql t.sqlite 'SELECT count(*) AS n FROM pass' --format csv")
    #expect(rows.output == "n\n3\n")
    let found = try alone(
      "step t.sqlite --batch -ex 'break any if pass.id = 3 AND tile.bytes > 0' -ex continue "
        + "-ex 'print pass.id'")
    #expect(found.code == 0 && found.output.contains("pass.id = 3"), "\(found.errors)")
    let endless =
      "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    let stopped = try alone("sql t.sqlite --timeout 0.1 '\(endless)'")
    #expect(stopped.code == 1 && stopped.sentence?.contains("stopped after 0.1 s") == true)
  }

  @Test func aModelIsQuantized() throws {
    #expect(try alone("quantize tiny alone.gguf --type q8_0 --threads 4").code == 0)
    #expect(
      try nibble("quantize", "tiny", "q.gguf", "--type", "q8_0", "--threads", "4").code == 0)
    #expect(try nibble.shell("cmp alone.gguf q.gguf").code == 0)
  }

  /// The system's own limit: of processes, which it does not hold the superuser to.
  @Test(.enabled(if: canLimit, "there is no user without privileges"))
  func withinALimitOfProcesses() throws {
    func limited(_ arguments: String) throws -> FinishedProgram {
      try nibble.shell(
        "timeout -s KILL 120 \(Self.asUser) prlimit --nproc=1 \"$NIBBLE\" \(arguments)")
    }
    #expect(try limited("run -p hi -n 3 --threads 1").code == 0)
    let result = try limited("run -p hi -n 3 --threads 4")
    #expect(result.code == 1 && result.sentence?.contains("did not start 4 threads") == true)
  }

  private static let asUser =
    getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""

  /// Whether a user that is held to the limit may run the program.
  private static let canLimit: Bool = {
    guard let nibble = try? Nibble() else { return false }
    return (try? nibble.shell("\(asUser) prlimit --nproc=1 \"$NIBBLE\" --help").code) == 0
  }()
}
