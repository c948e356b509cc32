import Foundation
import Testing

/// Every format of every kind of trace, read back by Python through scripts/check-export.py, which
/// compares it with what sqlite3 finds in the trace.
///
/// `NIBBLE_PYTHON` names a python3 that has numpy; where it is not set these tests are skipped, but
/// not in CI.
@Suite struct ExportTests {
  static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// How a trace comes to be; `$NIBBLE` makes `t.sqlite`.
  static let recordings = [
    "$NIBBLE record -n 4 --capture values -o t.sqlite",
    "$NIBBLE record -n 2 --strategy whole-model --capture none -o t.sqlite",
    "$NIBBLE record -n 2 --strategy per-layer -o t.sqlite",
    "$NIBBLE record -n 2 --strategy scratch -o t.sqlite",
    "$NIBBLE record -n 2 --strategy int4-gemm -o t.sqlite",
    "$NIBBLE record -n 3 --threads 3 -o t.sqlite",
    "$NIBBLE record -p Once -p 'The cat sat' -n 3 -o t.sqlite",
    "$NIBBLE record -n 3 --memory-budget 2MiB -o t.sqlite; true",
    "$NIBBLE record -n 3 --memory-budget 1.9MiB -o t.sqlite; true",
    "$NIBBLE step -p Once -o t.sqlite --batch -ex 'generate 2' -ex checkpoint -ex 'generate 2'"
      + " -ex 'restart 1' -ex 'set strategy fused' -ex 'generate 2'",
  ]

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"), arguments: recordings)
  func pythonReadsWhatTheTraceHolds(_ recording: String) throws {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON")
    let nibble = try Nibble()
    #expect(try nibble.shell(recording).code == 0)
    let formats = [
      ("chrome", "t.trace.json"), ("memory-viz", "t.memory.pickle"), ("csv", "t-csv"),
      ("json", "t.jsonl"), ("svg", "t.svg"), ("npy", "t-npy"),
    ]
    for (format, path) in formats {
      let result = try nibble("export", "t.sqlite", "--format", format)
      if format == "npy", !recording.contains("values") {
        #expect(result.code == 1)
        #expect(result.sentence?.contains("holds no captured values") == true)
        continue
      }
      #expect(result.code == 0 && result.errors.isEmpty, "\(format): \(result.errors)")
      #expect(result.output.hasPrefix("\(path): "))
      let check = try nibble.shell(
        "'\(python)' '\(Self.root)/scripts/check-export.py' \(format) t.sqlite \(path)")
      #expect(check.code == 0, "\(format): \(check.errors)")
      #expect(check.output.hasPrefix("{"))
    }
    #expect(try nibble("report", "t.sqlite").code == 0)
  }

  /// The checker finds what is wrong: a byte more in a counter, a time out of order, a size
  /// changed.
  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func theCheckerFindsChanges() throws {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON")
    let nibble = try Nibble()
    _ = try nibble("record", "-n", "1", "-o", "t.sqlite")
    let changes = [
      (
        "chrome",
        #"s/"name":"kv_cache","args":{"bytes":32768/"name":"kv_cache","args":{"bytes":32769/"#
      ),
      ("chrome", #"0,/"ph":"E"/s//"ph":"B"/"#), ("chrome", #"0,/"flow_out":true,/s///"#),
      ("json", "s/weights_dequantized\":32768/weights_dequantized\":32767/"),
      ("svg", "s/at step/at stop/"),
    ]
    for (format, change) in changes {
      _ = try nibble("export", "t.sqlite", "--format", format, "-o", "whole")
      #expect(try nibble.shell("sed '\(change)' whole > changed; cmp -s whole changed").code == 1)
      let check = "'\(python)' '\(Self.root)/scripts/check-export.py' \(format) t.sqlite"
      #expect(try nibble.shell("\(check) whole").code == 0)
      #expect(try nibble.shell("\(check) changed").code == 1, "\(change)")
    }
  }

  /// What an export allocates does not grow with the trace: hardly, from 5 MB of it to 16 MB, both
  /// of which are more than SQLite keeps of a file.
  @Test(.enabled(if: Nibble.canPreload)) func memoryIsConstant() throws {
    let nibble = try Nibble()
    for rows in ["64", "16"] {
      _ = try nibble(
        "record", "-n", "200", "--tile-rows", rows, "--capture", "none", "-o", "\(rows).sqlite")
    }
    for format in ["chrome", "memory-viz", "json", "csv", "svg"] {
      let peaks = try ["64", "16"].map { rows in
        try nibble.peakBytes(
          "export", "\(rows).sqlite", "--format", format, "-o", "\(format)-\(rows)")
      }
      #expect(peaks[1] - peaks[0] < 256 << 10, "\(format): \(peaks) bytes")
    }
  }

  @Test func failuresLeaveNothing() throws {
    let nibble = try Nibble()
    _ = try nibble("record", "-n", "2", "-o", "t.sqlite")
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: nibble.folder.path)
        .filter { !$0.hasPrefix(".") || $0.hasPrefix(".nibble") }.sorted()
    }
    #expect(try names() == ["t.sqlite"])
    for (line, words) in [
      ("$NIBBLE export t.sqlite --format json -o t.sqlite", "is a trace, which"),
      ("$NIBBLE export t.sqlite --format csv -o ./t.sqlite", "is there already"),
      ("ulimit -f 100; $NIBBLE export t.sqlite --format chrome", "File too large"),
      ("ulimit -f 10; $NIBBLE export t.sqlite --format csv", "File too large"),
      ("$NIBBLE export t.sqlite --format json -o nowhere/t.jsonl", "No such file"),
      ("$NIBBLE export none.sqlite --format json", "no such trace"),
      ("$NIBBLE export t.sqlite --format svg -o /dev/full", "cannot be written"),
      ("$NIBBLE report none.sqlite", "no such trace"),
      ("$NIBBLE export t.sqlite --format json -o - > /dev/full", "No space left"),
      (
        "( $NIBBLE export t.sqlite --format json -o - ; echo $? > code ) | true; exit `cat code`",
        "Broken pipe"
      ),
    ] {
      let result = try nibble.shell(line)
      #expect(result.code == 1, "\(line)")
      #expect(result.sentence?.contains(words) == true, "\(line): \(result.errors)")
      _ = try nibble.shell("rm -f code")
      #expect(try names() == ["t.sqlite"], "\(line)")
    }
  }

  /// Standard output gets the bytes that a file gets, and an older export is replaced.
  @Test func standardOutput() throws {
    let nibble = try Nibble()
    _ = try nibble("record", "-n", "2", "-o", "t.sqlite")
    for format in ["chrome", "memory-viz", "json", "svg"] {
      let result = try nibble.shell(
        "echo old > file && $NIBBLE export t.sqlite --format \(format) -o file"
          + " && $NIBBLE export t.sqlite --format \(format) -o - | cmp - file")
      #expect(result.code == 0, "\(format): \(result.errors)")
    }
  }

  /// ^C ends an export with the code that a shell gives what it ends so, and leaves what was there.
  @Test(arguments: ["chrome", "csv"]) func interrupted(_ format: String) throws {
    let nibble = try Nibble()
    _ = try nibble("record", "-n", "200", "--capture", "none", "-o", "t.sqlite")
    let result = try nibble.shell(
      """
      mkdir there && cd there && echo old > file
      $NIBBLE export ../t.sqlite --format \(format) -o \(format == "csv" ? "new" : "file") &
      until [ "$(ls -A | wc -l)" -gt 1 ]; do :; done
      kill -INT $!; wait $!; echo $?; ls -A; cat file
      """)
    #expect(result.output == "130\nfile\nold\n")
    #expect(result.sentence == "nibble: The export was interrupted; no file of it stays.")
  }

  @Test func reportsTellEveryBranch() throws {
    let nibble = try Nibble()
    _ = try nibble.shell(Self.recordings[9])
    let text = try nibble("report", "t.sqlite").output
    for words in [
      "strategies  tiled, 64 rows a tile; fused", " of branch 0  ", "KV cache, branch 1",
      "Tokens of branch 0, from the beginning", "Tokens of branch 1, from position",
    ] { #expect(text.contains(words), "\(words)") }
  }

  @Test func reportsAsMarkdown() throws {
    let nibble = try Nibble()
    _ = try nibble("record", "-n", "3", "-p", "a*b|c", "-o", "t.sqlite")
    let text = try nibble("report", "t.sqlite", "--format", "markdown").output
    #expect(text.hasPrefix("# nibble: tiny\n") && text.contains("| prompt | `\"a*b\\|c\"` |"))
    for line in text.split(separator: "\n") where line.hasPrefix("|") {
      #expect(line.hasSuffix("|"))
    }
    #expect(try nibble("report", "t.sqlite").output.contains("Three figures\n  weights, packed "))
  }
}
