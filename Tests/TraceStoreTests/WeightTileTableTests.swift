import Events
import TestSupport
import Testing

@testable import TraceStore

@Suite struct WeightTileTableTests {
  @Test func aRangeOfRowsKeepsItsNumberInAnyOrder() {
    var table = WeightTileTable(tensors: 3)
    var numbers: [[Int]: Int] = [:]
    var random = SeededGenerator(seed: 5)
    for round in 0..<3000 {
      // In order at first, as a model's tiles come; in any order later.
      let choice = round < 1000 ? round % 60 : Int(random.next() % 60)
      let (tensor, firstRow) = (choice / 20, choice % 20 * 8)
      let rows = round % 7 == 0 ? 4 : 8
      let tile = TileDescription(
        id: round, tensor: tensor, firstRow: firstRow, rows: rows, cols: 16, type: .f16, thread: 0,
        buffer: nil)
      let (id, isNew) = table.id(of: tile)
      #expect(isNew == (numbers[[tensor, firstRow, rows]] == nil))
      #expect(numbers[[tensor, firstRow, rows], default: numbers.count + 1] == id)
      numbers[[tensor, firstRow, rows]] = id
    }
    #expect(numbers.count == 120)
  }

  @Test func liveBuffersAreFoundUntilTheyAreRemoved() {
    var live = LiveBuffers()
    for key in 1...5 {
      live.add(LiveBuffers.Buffer(key: key, id: 10 * key, isTile: key % 2 == 0, row: key))
    }
    #expect(live.remove(3)?.id == 30)
    #expect(live.remove(3) == nil)
    #expect(live.index(of: 5).map { live[$0].id } == 50)
    #expect(live.keepAll() == [10, 20, 40, 50])
    #expect(live.keepAll().isEmpty)
    live.forgetRows()
    #expect(live.remove(1)?.row == -1)
  }
}
