import Events
import Quantization
import TraceStore

/// The life of one tile, from its packed bytes to the moment its memory is returned: what happens
/// some thousand times in a pass, told once.
public struct TileStory {
  let tile: TraceTile
  let tensor: TraceTensor
  /// The expert whose matrix the product, or else the tile, is part of, in a tensor that holds
  /// several.
  let expert: TraceExpert?
  /// The first block of the tile, laid open, where the model's bytes are at hand.
  let block: BlockAnatomy?
  /// The buffer that it lies in, where it is none of its own.
  let holder: TraceBuffer?
  let product: TraceMatmul?
  let op: TraceOp?
  /// The first values of the product, where the trace captured them.
  let outputs: [Float]
  /// The row of the operation's output that they are in: the first that the product gave.
  let outputRow: Int
  /// Bytes alive right before it was made, while it lived, and right after it was freed.
  let before: MemoryUse
  let during: MemoryUse
  let after: MemoryUse?
  /// Whether the memory budget ended the run.
  let hasFailed: Bool
  /// Bytes of the whole model as float16.
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
    holder = try tile.inBuffer.flatMap { try trace.buffer($0) }
    hasFailed = try trace.failure() != nil
    product = try tile.usedStep.flatMap { try trace.matmul(at: $0) }
    op = try tile.usedStep.flatMap { try trace.op(at: $0) } ?? trace.op(at: id)
    expert = try trace.expert(of: product?.rangeOfRows ?? tile.rangeOfRows, in: tensor, op: op)
    before = try trace.event(at: id - 1)?.live ?? MemoryUse()
    during = made.live
    after = try tile.freedStep.flatMap { try trace.event(at: $0)?.live }
    wholeModel = try trace.tensors().wholeModelBytes

    var (row, outputs): (Int?, [Float]) = (0, [])
    if let op, let expert { row = try Self.firstRow(of: op, sentTo: expert, trace) }
    if let op, let product, let row, row < op.rows, let values = try trace.value(ofOp: op.id) {
      // The tile gives values of its rows from the tile's first on.
      let first = product.firstRow - (expert?.rows.lowerBound ?? 0)
      let end = min(first + min(product.n, 4), op.cols)
      let start = row * op.cols
      if first >= 0, first < end { outputs = Array(values[start + first..<start + end]) }
    }
    self.outputs = outputs
    outputRow = row ?? 0
  }

  /// The first row of an operation's output that is an expert's, where the trace has the choices.
  private static func firstRow(
    of op: TraceOp, sentTo expert: TraceExpert, _ trace: Trace
  ) throws -> Int? {
    guard op.inputs.count > 1, let router = try trace.op(named: op.inputs[1], inPass: op.pass)
    else { return nil }
    return try trace.experts(ofOp: router.id).firstIndex(of: expert.number)
  }

  private static func firstBlock(
    of packed: UnsafeRawBufferPointer?, type name: String
  ) throws -> BlockAnatomy? {
    guard let packed, let type = TensorType(name: name), packed.count >= type.blockBytes
    else { return nil }
    return try type.anatomy(of: UnsafeRawBufferPointer(rebasing: packed[..<type.blockBytes]))
  }
}
