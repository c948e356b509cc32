import Inference
import Testing

@Suite struct ByteFormatTests {
  @Test(arguments: [
    (0, "0 B"), (640, "640 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"),
    (196_608, "192 KiB"), (98_304_000, "93.8 MiB"), (1_048_570, "1 MiB"), (-2048, "-2 KiB"),
    (8 << 30, "8 GiB"), (Int.max, "8192 PiB"), (Int.min, "-8192 PiB"),
  ])
  func bytesInBinaryUnits(bytes: Int, text: String) {
    #expect(formatBytes(bytes) == text)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_204_512, "-1,204,512")])
  func countsWithCommas(count: Int, text: String) {
    #expect(formatCount(count) == text)
  }

  @Test(arguments: [
    (640, "640 ns"), (12_400, "12.4 µs"), (3_100_000, "3.1 ms"), (2_500_000_000, "2.5 s"),
    (0, "0 ns"),
  ])
  func durationsInTheUnitThatReadsBest(nanoseconds: Int, text: String) {
    #expect(formatNanoseconds(nanoseconds) == text)
  }
}
