import Testing

@testable import Recording

@Suite struct MemoryCheckTests {
  private let mebibyte = 1 << 20

  private func check(
    ledger: (mapped: Int, allocated: Int), system: (mapped: Int, allocated: Int)
  ) -> MemoryCheck {
    MemoryCheck(
      ledgerMapped: ledger.mapped * mebibyte, ledgerAllocated: ledger.allocated * mebibyte,
      systemMapped: system.mapped * mebibyte, systemAllocated: system.allocated * mebibyte)
  }

  @Test func eightMebibytesOrFivePercentAreAllowed() {
    #expect(check(ledger: (90, 10), system: (90, 18)).agrees)
    #expect(!check(ledger: (90, 10), system: (90, 19)).agrees)
    #expect(!check(ledger: (90, 10), system: (90, 1)).agrees)
    #expect(check(ledger: (100, 300), system: (100, 320)).agrees)
    #expect(!check(ledger: (100, 300), system: (100, 321)).agrees)
  }

  @Test func mappedWeightsCountAsFarAsTheyAreInMemory() {
    let unread = check(ledger: (90, 10), system: (20, 10))
    #expect(unread.difference == 0)
    #expect(unread.systemPeak == 30 * mebibyte)
    // Weights that were copied and whose pages stay are memory that no ledger knows of.
    let kept = check(ledger: (1, 92), system: (24, 92))
    #expect(kept.difference == 23 * mebibyte)
    #expect(!kept.agrees)
  }

  @Test func aProcessThatPrintsNoCheckIsAnError() throws {
    let printed = #"{"ledgerMapped":1,"ledgerAllocated":2,"systemMapped":3,"systemAllocated":4}"#
    let check = try MemoryCheck(ofProcess: "/bin/echo", arguments: [printed])
    #expect(check.ledgerPeak == 3)
    #expect(check.systemPeak == 7)
    #expect(check.difference == 4)
    for program in ["/bin/echo", "/bin/false", "/no-such-program"] {
      #expect {
        try MemoryCheck(ofProcess: program, arguments: [])
      } throws: { error in
        guard case RecordingError.noMemoryFigures = error else { return false }
        return "\(error)".contains("leave --check-memory out")
      }
    }
  }
}
