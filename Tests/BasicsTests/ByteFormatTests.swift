import Basics
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

  @Test(arguments: [
    (1025, "1.1 KiB"), (1024, "1 KiB"), (98_304_001, "93.8 MiB"), (98_357_249, "93.9 MiB"),
  ])
  func bytesThatAreEnough(bytes: Int, text: String) {
    #expect(formatBytes(bytes, rounded: .up) == text)
    #expect(parseBytes(text) ?? 0 >= bytes)
  }

  @Test(arguments: [
    ("1", 1), ("1024", 1024), ("96MiB", 96 << 20), ("96 MiB", 96 << 20), ("8GB", 8_000_000_000),
    ("1.5GiB", 3 << 29), ("64KiB", 65536), ("64kib", 65536), ("12B", 12), ("0.5KB", 500),
    ("2TiB", 2 << 40), ("1PB", 1_000_000_000_000_000), ("9223372036854775807", Int.max),
  ])
  func sizesAsPeopleWriteThem(text: String, bytes: Int) {
    #expect(parseBytes(text) == bytes)
  }

  @Test(arguments: [
    "", " ", "0", "0MiB", "-1", "-96MiB", "+5", "MiB", "96M", "96G", "96XiB", "1.5", "1.5B", "1.",
    ".5GiB", "1..5GiB", "1e9", "0x10", "nan", "inf", "9223372036854775808", "8192PiB", "9999999PiB",
    "96MiB ", "96 MiB/s", "0.0001KiB", "１MiB",
  ])
  func sizesThatAreNone(text: String) {
    #expect(parseBytes(text) == nil)
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
