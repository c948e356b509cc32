import Quantization
import Testing

struct QuantizationStatisticsTests {
  private func statistics(_ values: [Float], _ stored: [Float]) -> QuantizationStatistics {
    var statistics = QuantizationStatistics()
    values.withUnsafeBufferPointer { values in
      stored.withUnsafeBufferPointer { statistics.add(values, stored: $0) }
    }
    return statistics
  }

  @Test func byHand() {
    let found = statistics([1, 2, 3, 4], [1, 2, 5, 3])
    #expect(found.count == 4)
    #expect(found.maximumError == 2)
    #expect(found.rmse == (5.0 / 4).squareRoot())
    #expect(found.relativeRMSE == (5.0 / 30).squareRoot())
  }

  @Test func partsAddUp() {
    var whole = statistics([1, 2], [1, 2])
    whole.add(statistics([3, 4], [5, 3]))
    #expect(whole == statistics([1, 2, 3, 4], [1, 2, 5, 3]))
  }

  @Test func nothingIsNoError() {
    #expect(QuantizationStatistics().rmse == 0)
    #expect(statistics([0], [0]).relativeRMSE == 0)
  }
}
