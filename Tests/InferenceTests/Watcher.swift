import Events

@testable import Inference

/// An observer that writes down what it is told.
final class Watcher: PassObserver {
  enum Event: Equatable {
    case allocated(id: Int, MemoryCategory, name: String, bytes: Int)
    case freed(id: Int, MemoryCategory, name: String, bytes: Int)
    case passBegan(PassDescription.Kind, firstPosition: Int, tokens: [Int])
    case passEnded
    case passFailed
    case opFailed
    case opBegan(
      String, OpDescription.Kind, layer: Int?, inputs: [String], tensor: Int?, rows: Int, cols: Int)
    case opEnded(values: Int?)
    case dequantized(Tile)
    case multiplied(tensor: Int, tile: Int?, rows: Range<Int>, m: Int, k: Int, thread: Int)
    case freedTile(Tile)
    case computed
    case allocationFailed(AllocationFailure)
    case appended(layer: Int, position: Int, bytes: Int, cacheBytes: Int)

    var isStep: Bool {
      switch self {
      case .passBegan, .passEnded, .passFailed, .opBegan, .opEnded, .opFailed: false
      default: true
      }
    }
  }

  struct Tile: Hashable {
    let id: Int
    let tensor: Int
    let rows: Range<Int>
    let type: TileDescription.ValueType
    let bytes: Int
    let thread: Int
    let buffer: Int?

    init(_ tile: TileDescription) {
      id = tile.id
      tensor = tile.tensor
      rows = tile.firstRow..<tile.firstRow + tile.rows
      type = tile.type
      bytes = tile.bytes
      thread = tile.thread
      buffer = tile.buffer
    }
  }

  /// In the order in which they happened; what was alive after each step.
  private(set) var events: [(event: Event, live: MemoryUse?)] = []
  /// The operations that began.
  private(set) var ops: [OpDescription] = []
  /// Ids of the tiles that were filled.
  private(set) var filled: Set<Int> = []
  static var isWatching: Bool { true }
  var measuresValues: Bool { true }

  func allocated(_ buffer: BufferDescription, live: MemoryUse) {
    let event = Event.allocated(
      id: buffer.id, buffer.category, name: buffer.name, bytes: buffer.bytes)
    events.append((event, live))
  }

  func freed(_ buffer: BufferDescription, live: MemoryUse) {
    let event = Event.freed(
      id: buffer.id, buffer.category, name: buffer.name, bytes: buffer.bytes)
    events.append((event, live))
  }

  func allocationFailed(_ failure: AllocationFailure) {
    events.append((.allocationFailed(failure), failure.live))
  }

  func passBegan(_ pass: PassDescription) {
    events.append(
      (.passBegan(pass.kind, firstPosition: pass.parts[0].position, tokens: pass.tokens), nil))
  }

  func passEnded(nanoseconds: Int) { events.append((.passEnded, nil)) }

  func passFailed(nanoseconds: Int) { events.append((.passFailed, nil)) }

  func opFailed(nanoseconds: Int) { events.append((.opFailed, nil)) }

  func opBegan(_ op: OpDescription) {
    ops.append(op)
    let event = Event.opBegan(
      op.name, op.kind, layer: op.layer, inputs: op.inputs, tensor: op.tensor, rows: op.rows,
      cols: op.cols)
    events.append((event, nil))
  }

  func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int) {
    events.append((.opEnded(values: output?.count), nil))
  }

  func dequantizing(_ tile: TileDescription, live: MemoryUse) {
    events.append((.dequantized(Tile(tile)), live))
  }

  func dequantized(_ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int) {
    filled.insert(tile.id)
  }

  func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse) {
    let event = Event.multiplied(
      tensor: matmul.tensor, tile: matmul.tile,
      rows: matmul.firstRow..<matmul.firstRow + matmul.n, m: matmul.m, k: matmul.k,
      thread: matmul.thread)
    events.append((event, live))
  }

  func freedTile(_ tile: TileDescription, live: MemoryUse) {
    events.append((.freedTile(Tile(tile)), live))
  }

  func computed(thread: Int, live: MemoryUse) { events.append((.computed, live)) }

  func appended(_ append: KVAppendDescription, live: MemoryUse) {
    let event = Event.appended(
      layer: append.layer, position: append.position,
      bytes: append.keyBytes + append.valueBytes, cacheBytes: append.cacheBytes)
    events.append((event, live))
  }
}

extension Watcher {
  /// The steps, with what was alive after each.
  var steps: [(event: Event, live: MemoryUse)] {
    events.compactMap { event, live in live.map { (event, $0) } }
  }

  /// What was told between the beginning of each operation and its end, by the operation's name.
  func operations(ofPass pass: Int) -> [(name: String, begin: Event, steps: [Event])] {
    var result: [(name: String, begin: Event, steps: [Event])] = []
    var current = 0
    var isInside = false
    for (event, _) in events {
      switch event {
      case .passBegan: current += 1
      case .opBegan(let name, _, _, _, _, _, _) where current == pass:
        result.append((name, event, []))
        isInside = true
      case .opEnded, .opFailed: isInside = false
      default: if current == pass, isInside { result[result.count - 1].steps.append(event) }
      }
    }
    return result
  }
}
