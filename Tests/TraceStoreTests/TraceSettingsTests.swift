import Testing

@testable import TraceStore

/// What a page and a report say of how a run was run.
@Suite struct TraceSettingsTests {
  @Test(
    arguments: [
      (["status": "complete"], nil), (["status": "failed"], "by the memory budget"),
      (["status": "interrupted"], "by ^C"),
      (["status": "error", "error": "no room"], "by an error: no room"),
      (["status": "error"], "by an error"),
    ] as [([String: String], String?)])
  func theEndingIsTold(meta: [String: String], ending: String?) {
    let rows = TraceSettings(passes: [], branches: 1, steps: 1, meta: meta).rows
    #expect(rows.first { $0.name == "ended" }?.value.plain == ending)
  }
}
