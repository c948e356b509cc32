import Inference
import Quantization
import TraceStore

/// The life of one tile, from its packed bytes to the moment its memory is returned: what happens
/// some thousand times in a pass, told once.
public struct TileStory {
  let tile: TraceTile
  let tensor: TraceTensor
  /// The first block of the tile, laid open, where the model's bytes are at hand.
  let block: BlockAnatomy?
  let product: TraceMatmul?
  let op: TraceOp?
  /// The first values of the product, where the trace captured them.
  let outputs: [Float]
  /// Bytes alive right before it was made, while it lived, and right after it was freed.
  let before: MemoryUse
  let during: MemoryUse
  let after: MemoryUse?
  /// How many tiles the trace has, and bytes of the whole model packed and as float16.
  let tileCount: Int
  let packedModel: Int
  let wholeModel: Int

  /// Reads the story of a tile from a trace.
  ///
  /// - Parameters:
  ///   - id: the step at which the tile was made.
  ///   - packed: the packed bytes of the tile's rows as they lie in the model file, or `nil` where
  ///     the file is not at hand; read during this call only.
  /// - Throws: ``DebuggerError/nothingHere(what:step:advice:)`` where no tile was made at that
  ///   step, and what the trace throws.
  public init(trace: Trace, tile id: Int, packed: UnsafeRawBufferPointer? = nil) throws {
    guard let tile = try trace.tile(id), let tensor = try trace.tensor(tile.tensor),
      let made = try trace.event(at: id)
    else {
      throw DebuggerError.nothingHere(
        what: "tile made", step: id, advice: "a tile's number is the step at which it was made")
    }
    self.tile = tile
    self.tensor = tensor
    block = try Self.firstBlock(of: packed, type: tensor.type)
    product = try tile.usedStep.flatMap { try trace.matmul(at: $0) }
    op = try tile.usedStep.flatMap { try trace.op(at: $0) } ?? trace.op(at: id)
    before = try trace.event(at: id - 1)?.live ?? MemoryUse()
    during = made.live
    after = try tile.freedStep.flatMap { try trace.event(at: $0)?.live }
    tileCount = try trace.tileCount()
    let tensors = try trace.tensors()
    packedModel = tensors.reduce(0) { $0 + $1.bytes }
    wholeModel = tensors.reduce(0) { $0 + (DebuggerSession.dequantizedBytes($1) ?? $1.bytes) }

    var outputs: [Float] = []
    if let op, let product, let values = try trace.value(ofOp: op.id), op.rows > 0 {
      // Row 0 is the first token's; the tile gives its values from the tile's first row on.
      let end = min(product.firstRow + min(product.n, 4), op.cols, values.count)
      if product.firstRow < end { outputs = Array(values[product.firstRow..<end]) }
    }
    self.outputs = outputs
  }

  private static func firstBlock(
    of packed: UnsafeRawBufferPointer?, type name: String
  ) throws -> BlockAnatomy? {
    guard let packed, let type = TensorType(name: name), packed.count >= type.blockBytes
    else { return nil }
    return try type.anatomy(of: UnsafeRawBufferPointer(rebasing: packed[..<type.blockBytes]))
  }

  /// A tile worth telling about: of the first decode pass (of the first pass, where there is
  /// none), the first whole tile of a feed-forward or, failing that, of any matrix in a layer.
  ///
  /// - Returns: its number, or `nil` where the trace has no tiles.
  public static func example(in trace: Trace) throws -> Int? {
    let passes = try trace.passes()
    guard let pass = passes.first(where: { $0.kind == .decode }) ?? passes.first else { return nil }
    let ops = try trace.ops(inPass: pass.id)
    let chosen = [
      ops.first { $0.name.hasPrefix("ffn_gate-") },
      ops.first { $0.layer != nil && $0.tensor != nil && $0.steps.count > 1 },
    ]
    for case let op? in chosen {
      for step in op.steps where try trace.event(at: step)?.kind == .dequantize { return step }
    }
    return nil
  }
}
