import Events
import Testing

@testable import Inference

/// What holds of every trace, checked on what an observer is told.
@Suite struct MemoryLedgerTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let fixture: String
    var strategy = StrategyName.tiled
    var tileRows = 7
    var threads = 1
    var kvType = KVType.f16
    /// Tokens of each pass.
    var passes = [20, 1, 1, 12, 1]

    var options: EngineOptions {
      EngineOptions(strategy, tileRows: tileRows, kv: kvType, threads: threads)
    }
    var testDescription: String {
      "\(fixture), \(strategy.rawValue), \(tileRows) rows, \(threads) threads, \(kvType)"
    }
  }

  static let cases =
    Fixture.names.map { Case(fixture: $0) } + [
      Case(fixture: "llama", threads: 3), Case(fixture: "qwen3", tileRows: 1, threads: 3),
      Case(fixture: "qwen2", tileRows: 4096), Case(fixture: "qwen3", tileRows: 64, kvType: .q8),
      Case(fixture: "qwen3", threads: 2, kvType: .q4),
      Case(fixture: "llama", strategy: .wholeModel),
      Case(fixture: "llama-scaled", strategy: .wholeModel, threads: 3),
      Case(fixture: "llama-biases", tileRows: 64, threads: 3),
      Case(fixture: "llama", strategy: .perLayer), Case(fixture: "qwen3", strategy: .perTensor),
      Case(fixture: "qwen2", strategy: .perLayer, threads: 3),
      Case(fixture: "llama-biases", strategy: .perTensor, threads: 2),
      Case(fixture: "llama", strategy: .scratch), Case(fixture: "qwen3", strategy: .scratch),
      Case(fixture: "llama-scaled", strategy: .scratch, threads: 3),
      Case(fixture: "qwen2", strategy: .scratch, tileRows: 4096),
    ]

  /// Runs the passes of a case; the engine is gone when it returns.
  static func watch(_ test: Case) throws -> (watcher: Watcher, model: Model, peak: MemoryUse) {
    let fixture = try Fixture(test.fixture)
    let watcher = Watcher()
    let engine = try Engine(model: fixture.model, options: test.options, observer: watcher)
    var tokens = fixture.expected.tokens[...]
    for count in test.passes {
      _ = try engine.forward(Array(tokens.prefix(count)))
      tokens = tokens.dropFirst(count)
    }
    #expect(engine.ledger.live == watcher.steps.last?.live)
    return (watcher, fixture.model, engine.ledger.peak)
  }

  @Test(arguments: cases)
  func liveBytesAreTheBuffersAlive(test: Case) throws {
    let (watcher, _, peak) = try Self.watch(test)
    var alive: [Int: (category: MemoryCategory, bytes: Int)] = [:]
    var sum = MemoryUse()
    var highest = MemoryUse()
    for (event, live) in watcher.steps {
      switch event {
      case .allocated(let id, let category, _, let bytes):
        #expect(alive.updateValue((category, bytes), forKey: id) == nil, "\(event)")
        sum[category] += bytes
      case .dequantized(let tile):
        if let buffer = tile.buffer {
          let holder = alive[buffer]
          #expect(holder?.category == .weightsDequantized, "\(event)")
          #expect(tile.bytes <= holder?.bytes ?? 0, "\(event)")
          break
        }
        #expect(
          alive.updateValue((.weightsDequantized, tile.bytes), forKey: tile.id) == nil, "\(event)")
        sum.weightsDequantized += tile.bytes
      case .freed(let id, let category, _, let bytes):
        let buffer = alive.removeValue(forKey: id)
        #expect(buffer?.category == category && buffer?.bytes == bytes, "\(event)")
        sum[category] -= bytes
      case .freedTile(let tile) where tile.buffer == nil:
        let buffer = alive.removeValue(forKey: tile.id)
        #expect(
          buffer?.category == .weightsDequantized && buffer?.bytes == tile.bytes, "\(event)")
        sum.weightsDequantized -= tile.bytes
      default: break
      }
      try #require(live == sum, "\(event)")
      try #require(MemoryCategory.allCases.allSatisfy { live[$0] >= 0 }, "\(event)")
      if live.total > highest.total { highest = live }
    }
    #expect(highest == peak)
    let tiles = watcher.steps.compactMap { step -> Int? in
      if case .dequantized(let tile) = step.event { tile.id } else { nil }
    }
    #expect(watcher.filled == Set(tiles) && watcher.filled.count == tiles.count)
  }

  /// Weights stay, and keys and values; everything else is gone when a pass is over.
  @Test(arguments: cases)
  func temporariesAreFreedAtTheEndOfAPass(test: Case) throws {
    let (watcher, model, _) = try Self.watch(test)
    var ended = 0
    var last = MemoryUse()
    for (event, live) in watcher.events {
      last = live ?? last
      guard event == .passEnded else { continue }
      ended += 1
      #expect(last.weights == model.packedBytes)
      #expect(last.activations == 0 && last.workspace == 0 && last.logits == 0)
      #expect(last.kvCache > 0)
      switch test.strategy {
      case .wholeModel: #expect(last.weightsDequantized == model.dequantizedBytes)
      case .scratch:
        #expect(last.weightsDequantized == test.threads * model.largestTileBytes(test.tileRows))
      default: #expect(last.weightsDequantized == 0)
      }
    }
    #expect(ended == test.passes.count)
  }

  @Test(arguments: cases.filter { [.tiled, .scratch].contains($0.strategy) })
  func aThreadHasOneTileAtATime(test: Case) throws {
    let (watcher, model, _) = try Self.watch(test)
    var held: [Int: Watcher.Tile] = [:]
    var isMultiplied: Set<Int> = []
    var largest = 0
    var highest = 0
    for (event, live) in watcher.steps {
      highest = max(highest, live.weightsDequantized)
      switch event {
      case .dequantized(let tile):
        #expect(held.updateValue(tile, forKey: tile.thread) == nil, "\(event)")
        #expect((0..<test.threads).contains(tile.thread))
        #expect(tile.rows.count <= test.tileRows)
        largest = max(largest, tile.bytes)
      case .multiplied(let tensor, .some(let id), let rows, _, _, let thread):
        let tile = try #require(held[thread], "\(event)")
        #expect(tile.id == id && tile.tensor == tensor && tile.rows == rows)
        #expect(isMultiplied.insert(id).inserted)
      case .freedTile(let tile):
        #expect(held.removeValue(forKey: tile.thread) == tile, "\(event)")
        #expect(isMultiplied.contains(tile.id), "freed before it was used")
      default: break
      }
    }
    #expect(held.isEmpty)
    #expect(highest <= test.threads * largest)
    #expect((largest > 0) == model.matrices.contains { $0.type.isQuantized })
    #expect(largest == model.largestTileBytes(test.tileRows))
  }

  /// Tiles of a thread lie in one place, which is there before the first pass.
  @Test(arguments: cases.filter { $0.strategy == .scratch })
  func scratchIsTakenOnce(test: Case) throws {
    let (watcher, model, _) = try Self.watch(test)
    let loading = watcher.events.prefix { event, _ in
      if case .passBegan = event { false } else { true }
    }
    let buffers = loading.compactMap { event, _ -> Int? in
      guard case .allocated(let id, .weightsDequantized, _, let bytes) = event else { return nil }
      #expect(bytes == model.largestTileBytes(test.tileRows))
      return id
    }
    #expect(buffers.count == test.threads)
    for (event, live) in watcher.events.dropFirst(loading.count) {
      if let live {
        #expect(live.weightsDequantized == loading.last?.live?.weightsDequantized)
      }
      if case .dequantized(let tile) = event { #expect(tile.buffer == buffers[tile.thread]) }
    }
  }

  @Test(arguments: cases.filter { $0.strategy == .perTensor })
  func aTensorIsFreedBeforeTheNextIsMade(test: Case) throws {
    let (watcher, model, _) = try Self.watch(test)
    var held: Watcher.Tile?
    var tiles = 0
    for (event, live) in watcher.steps {
      #expect(live.weightsDequantized == held?.bytes ?? 0 || event.isOfATile)
      switch event {
      case .dequantized(let tile):
        #expect(held == nil)
        #expect(tile.rows == 0..<model.tensors[tile.tensor].rows)
        held = tile
        tiles += 1
      case .freedTile(let tile):
        #expect(held == tile)
        held = nil
      default: break
      }
    }
    let quantized = model.products.filter(\.type.isQuantized)
    #expect(tiles == test.passes.count * quantized.count)
  }

  /// The matrices of a layer are all there from before its first operation until after its last,
  /// and none of another.
  @Test(arguments: cases.filter { $0.strategy == .perLayer })
  func aLayerIsFreedBeforeTheNextIsMade(test: Case) throws {
    let (watcher, model, peak) = try Self.watch(test)
    var held: [Int: Watcher.Tile] = [:]
    for (event, _) in watcher.events {
      switch event {
      case .dequantized(let tile):
        #expect(tile.rows == 0..<model.tensors[tile.tensor].rows)
        held[tile.tensor] = tile
      case .freedTile(let tile): #expect(held.removeValue(forKey: tile.tensor) == tile)
      case .opBegan(_, _, let layer, _, _, _, _):
        let products = layer == nil ? [] : model.products.filter { $0.layer == layer }
        let quantized = products.filter(\.type.isQuantized).map(\.index)
        #expect(Set(held.keys) == Set(quantized))
      default: break
      }
    }
    let layers: [[Weight]] = Array(Dictionary(grouping: model.products) { $0.layer }.values)
    let sizes = layers.map { $0.reduce(0) { $0 + $1.asTile } }
    #expect(peak.weightsDequantized <= sizes.max() ?? 0)
  }

  /// Under every strategy each row of each matrix is multiplied once a pass.
  @Test(arguments: cases)
  func productsCoverTheRowsOfAMatrixOnce(test: Case) throws {
    let (watcher, model, _) = try Self.watch(test)
    for (pass, tokens) in test.passes.enumerated() {
      var seen: Set<Int> = []
      for operation in watcher.operations(ofPass: pass + 1) {
        guard case .opBegan(_, .matmul, _, _, let tensor?, let m, let cols) = operation.begin
        else { continue }
        #expect(seen.insert(tensor).inserted, "\(operation.name)")
        let weight = model.tensors[tensor]
        #expect(cols == weight.rows && m == (weight.layer == nil ? 1 : tokens))
        var rows: [Int] = []
        for case .multiplied(tensor, _, let range, m, let k, _) in operation.steps {
          #expect(k == weight.cols)
          rows += range
        }
        #expect(rows.sorted() == Array(0..<weight.rows), "\(operation.name)")
      }
      #expect(seen == Set(model.products.map(\.index)))
    }
  }

  @Test func theWholeModelAsFloat16IsPackedAndDequantizedTogether() throws {
    for name in Fixture.names {
      let (watcher, model, peak) = try Self.watch(Case(fixture: name, strategy: .wholeModel))
      let matrices = model.tensors.filter {
        $0.type != "f32" && $0.type != "f16" && $0.type != "bf16"
      }
      let dequantized = matrices.reduce(0) { $0 + 2 * $1.rows * $1.cols }
      #expect(peak.weights == model.packedBytes)
      #expect(peak.weightsDequantized == dequantized)
      #expect(model.dequantizedBytes == dequantized)
      #expect(
        model.float16Bytes
          == model.packedBytes + dequantized - matrices.reduce(0) { $0 + $1.bytes })
      let first = try #require(watcher.steps.first)
      #expect(first.live.total == model.packedBytes)
      #expect(model.packedBytes == model.tensors.reduce(0) { $0 + $1.bytes }, "each tensor once")
    }
  }

  @Test(arguments: [KVType.f16, .f32, .q8, .q4])
  func theCacheGrowsByPages(kvType: KVType) throws {
    let (watcher, model, _) = try Self.watch(Case(fixture: "qwen3", kvType: kvType))
    let config = model.config
    let bytesPerValue: [KVType: Double] = [.f32: 4, .f16: 2, .q8: 34.0 / 32, .q4: 18.0 / 32]
    let rowBytes = Int(try #require(bytesPerValue[kvType]) * Double(config.kvLength))
    var positions: [Int: [Int]] = [:]
    var used = 0
    for (event, live) in watcher.steps {
      if case .appended(let layer, let position, let bytes, let cacheBytes) = event {
        positions[layer, default: []].append(position)
        #expect(bytes == 2 * rowBytes)
        used += bytes
        #expect(cacheBytes == used)
        #expect(live.kvCache >= used)
      }
    }
    #expect(positions.count == config.layerCount)
    #expect(positions.values.allSatisfy { $0 == Array(0..<35) })
    let pages = 3 * config.layerCount  // 35 positions, 16 a page
    #expect(watcher.steps.last?.live.kvCache == pages * 16 * 2 * rowBytes)
  }
}

extension Model {
  /// The matrices that a pass multiplies by: not the embeddings, unless they are the output matrix.
  var products: [Weight] {
    let isTied = !tensors.contains { $0.name == "output.weight" }
    return matrices.filter { $0.name != "token_embd.weight" || isTied }
  }

  /// Bytes of all quantized matrices as tiles.
  var dequantizedBytes: Int { matrices.reduce(0) { $0 + $1.asTile } }

  /// Bytes of the largest tile of at most so many rows.
  func largestTileBytes(_ tileRows: Int) -> Int {
    matrices.map { $0.asTile / $0.rows * min(tileRows, $0.rows) }.max() ?? 0
  }
}

extension Weight {
  /// Bytes of the whole as one tile; 0 where it is multiplied where it lies.
  var asTile: Int { type.isQuantized ? rows * cols * tileType.size : 0 }
}

extension Watcher.Event {
  var isOfATile: Bool {
    switch self {
    case .dequantized, .freedTile: true
    default: false
    }
  }
}
