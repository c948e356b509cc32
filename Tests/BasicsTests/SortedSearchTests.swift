import Basics
import TestSupport
import Testing

@Suite struct SortedSearchTests {
  @Test func findsWhatALinearSearchFinds() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let numbers = (0..<Int.random(in: 0...20, using: &random)).map { _ in
        Int.random(in: 0...9, using: &random)
      }.sorted()
      for bound in -1...10 {
        #expect(
          numbers.firstSortedIndex { $0 > bound } == numbers.firstIndex { $0 > bound }
            ?? numbers.count)
      }
    }
  }

  /// Small and large counts, which are found in different ways; equal keys in the order of indices.
  @Test(arguments: [0, 1, 3, 40, 399, 400, 1000])
  func largestFirst(count: Int) {
    var random = SeededGenerator(seed: 3)
    let numbers = (0..<400).map { _ in Int.random(in: -50...50, using: &random) }
    let sorted = numbers.indices.sorted { (-abs(numbers[$0]), $0) < (-abs(numbers[$1]), $1) }
    #expect(numbers.indicesOfLargest(count) { abs($0) } == Array(sorted.prefix(count)))
  }
}
