import Testing

@testable import Lessons

@Suite struct UnitTests {
  @Test(
    arguments: [("12 MiB", 12.0 * 1_048_576), ("640", 640.0), ("0", 0.0)] as [(String, Double)])
  func bytes(_ text: String, _ value: Double) { #expect(Unit.bytes.parse(text) == value) }
}
