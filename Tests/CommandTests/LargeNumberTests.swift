import Testing

/// Numbers that no run can have end in a sentence or are bounded by what there is.
@Suite struct LargeNumberTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  private static let large = ["16777217", "100000000000000000", "9223372036854775807"]

  @Test(arguments: ["record -n 1", "compare -n 1", "run -p x -n 1", "step -p x --batch"], large)
  func tilesOfTooManyRows(_ command: String, rows: String) throws {
    let result = try nibble.shell("$NIBBLE \(command) --tile-rows \(rows)")
    #expect(result.code == 2)
    #expect(result.errors.contains("--tile-rows can be 1 to 16777216."), "\(result.errors)")
    #expect(try nibble.shell("ls").output.isEmpty)
  }

  @Test func tilesOfTooManyRowsInALiveRun() throws {
    let result = try nibble(
      "step", "-p", "x", "-o", "t.sqlite", "--batch", "-ex", "set tile-rows 9223372036854775807")
    #expect(result.code == 1 && result.errors.contains("a number from 1 to 16777216"))
  }

  /// More than a matrix, a prompt or a context has is all of it; the budget ends the runs, which
  /// then plan for all strategies.
  @Test(arguments: [
    "--tile-rows 16777216", "--ubatch 9223372036854775807", "-n 9223372036854775807",
    "--tile-rows 16777216 --threads 1024 --parallel 1024 -n 9223372036854775807",
    "--memory-budget 9223372036854775807 -n 1",
  ])
  func whatIsMoreThanThereIs(_ options: String) throws {
    let budget = options.contains("budget") ? "" : "--memory-budget 1900000"
    let result = try nibble.shell("$NIBBLE record \(options) \(budget) -o t.sqlite")
    #expect(result.code == (budget.isEmpty ? 0 : 1), "\(result.errors)")
    #expect(budget.isEmpty || result.output.contains("would fit"), "\(result.output)")
  }
}
