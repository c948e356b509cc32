import CKernels
import Events
import Foundation
import Quantization

/// Computes with the kernels of `CKernels` on threads of its own; every call of a kernel is here.
final class CPU: Backend {
  private let workers: Workers
  var threads: Int { workers.count }
  var computes: Bool { true }

  /// - Throws: `InferenceError.noThreads`.
  init(threads: Int) throws { workers = try Workers(count: threads) }

  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? { HostMemory().allocate(bytes) }
  func deallocate(_ base: UnsafeMutableRawPointer) { HostMemory().deallocate(base) }
  func forEach(_ total: Int, by size: Int, _ body: (Range<Int>, _ thread: Int) -> Void) {
    workers.forEach(total, by: size, body)
  }
  func read(_ x: Activation) -> [Float] { Array(x.buffer) }

  func withValues(_ x: Activation, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    body(x.buffer)
  }

  func firstNotFinite(_ x: Activation) -> (index: Int, value: Float)? {
    let size = max(x.count / threads, 1 << 16)  // a fork costs as much as some ten thousand values
    let first = FirstNotFinite()
    workers.forEach(x.count, by: size) { range, _ in
      let index = nibble_first_not_finite(x.values + range.lowerBound, range.count)
      if index < range.count { first.note(range.lowerBound + index, x.values) }
    }
    return first.found
  }

  // MARK: - Weights

  func dequantize(
    _ type: TensorType, _ packed: UnsafeRawPointer, count: Int,
    into values: UnsafeMutableRawPointer, as valueType: TileDescription.ValueType
  ) {
    switch valueType {
    case .f16:
      nibble_dequantize_f16(
        type.rawValue, packed, values.assumingMemoryBound(to: UInt16.self), count)
    case .f32:
      nibble_dequantize_f32(
        type.rawValue, packed, values.assumingMemoryBound(to: Float.self), count)
    }
  }

  func multiply(
    _ w: UnsafeRawPointer, _ type: TensorType, rows: Range<Int>, _ x: Activation,
    into y: Activation
  ) {
    var product = nibble_product(
      w: w, w_stride: x.cols, rows: rows.count, cols: x.cols, x: x.values, x_stride: x.cols,
      tokens: x.rows, y: y.values + rows.lowerBound, y_stride: y.cols)
    switch type {
    case .f16: nibble_matmul_f16(&product)
    case .bf16: nibble_matmul_bf16(&product)
    case .f32: nibble_matmul_f32(&product)
    default:
      product.w_stride = type.byteCount(of: x.cols) ?? 0
      nibble_fused_matmul(type.rawValue, &product)
    }
  }

  func int8Bytes(tokens: Int, cols: Int) -> Int { Self.int8Bytes(tokens: tokens, cols: cols) }
  static func int8Bytes(tokens: Int, cols: Int) -> Int { nibble_int8_bytes(tokens, cols) }

  func round(_ x: Activation, into blocks: UnsafeMutableRawPointer) {
    let blocks = blocks.assumingMemoryBound(to: nibble_int8_block.self)
    let tokensAtOnce = 48  // whole groups of nibble_int8_group
    workers.forEach(x.rows, by: tokensAtOnce) { rows, _ in
      nibble_int8_quantize(
        x.row(rows.lowerBound), x.cols, rows.count, x.cols, blocks + rows.lowerBound * x.cols / 32)
    }
  }

  /// A row of activations as ``round(_:into:)`` has it: scales of 32 values each, and the values.
  static func int8(_ x: [Float]) -> (scales: [Float], values: [Int8]) {
    var blocks = [nibble_int8_block](repeating: nibble_int8_block(), count: x.count / 32)
    blocks.withUnsafeMutableBufferPointer {
      nibble_int8_quantize(x, x.count, 1, x.count, $0.baseAddress)
    }
    let values = blocks.flatMap { block in
      withUnsafeBytes(of: block.q) { $0.map { Int8(bitPattern: $0) } }
    }
    return (blocks.map(\.d), values)
  }

  func interleave(
    _ type: TensorType, _ packed: UnsafeRawPointer, rows: Int, cols: Int,
    into panels: UnsafeMutableRawPointer
  ) {
    nibble_interleave(type.rawValue, packed, panels, rows, cols)
  }

  func multiplyIntegers(
    _ panels: UnsafeRawPointer, _ weight: Weight, rows: Range<Int>,
    _ x: UnsafeMutableRawPointer, into y: Activation
  ) {
    let product = nibble_integer_product(
      type: weight.type.rawValue, w: panels, rows: weight.rows, cols: weight.cols,
      x: x.assumingMemoryBound(to: nibble_int8_block.self), tokens: y.rows, y: y.values,
      y_stride: y.cols)
    withUnsafePointer(to: product) { nibble_integer_matmul($0, rows.lowerBound, rows.count) }
  }

  func dequantizeInterleaved(
    _ panels: UnsafeRawPointer, _ weight: Weight, row: Int,
    into values: UnsafeMutablePointer<Float>
  ) {
    nibble_dequantize_interleaved(
      weight.type.rawValue, panels, weight.rows, weight.cols, row, values)
  }

  // MARK: - Operations

  func rmsNorm(_ x: Activation, _ weight: Vector, into y: Activation, epsilon: Float) {
    workers.forEach(x.rows, by: 16) { rows, _ in
      for row in rows { nibble_rms_norm(x.row(row), weight.values, y.row(row), x.cols, epsilon) }
    }
  }

  func add(_ a: Activation, to y: Activation) {
    nibble_add(a.values, y.values, y.values, y.count)
  }

  func add(_ bias: Vector, to y: Activation) {
    for row in 0..<y.rows { nibble_add(y.row(row), bias.values, y.row(row), y.cols) }
  }

  func scale(_ x: Activation, by factor: Float) { nibble_scale(x.values, x.count, factor) }

  func softCap(_ x: Activation, scale: Float, cap: Float) {
    workers.forEach(x.rows, by: 16) { rows, _ in
      nibble_soft_cap(x.row(rows.lowerBound), rows.count * x.cols, scale, cap)
    }
  }

  func swiglu(_ gate: Activation, _ up: Activation) {
    workers.forEach(gate.rows, by: 4) { rows, _ in
      let gate = gate.rows(rows)
      nibble_swiglu(gate.values, up.row(rows.lowerBound), gate.values, gate.count)
    }
  }

  func geglu(_ gate: Activation, _ up: Activation) {
    workers.forEach(gate.rows, by: 4) { rows, _ in
      let gate = gate.rows(rows)
      nibble_geglu(gate.values, up.row(rows.lowerBound), gate.values, gate.count)
    }
  }

  func copy(_ x: Activation, to y: UnsafeMutablePointer<Float>) {
    y.update(from: x.values, count: x.count)
  }

  func fill(_ table: UnsafeMutablePointer<Float>, _ rotary: Rotary, positions: [Int]) {
    let pairs = rotary.dimensions / 2
    for i in 0..<pairs {
      let frequency = rotary.frequency(ofPair: i)
      for (row, position) in positions.enumerated() {
        let angle = Double(position) * frequency
        table[row * pairs + i] = Float(cos(angle))
        table[(positions.count + row) * pairs + i] = Float(sin(angle))
      }
    }
  }

  func rope(_ x: Activation, _ rotary: Rotary, _ table: UnsafePointer<Float>) {
    let pairs = rotary.dimensions / 2
    let heads = x.cols / rotary.headSize
    for row in 0..<x.rows {
      let cosines = table + row * pairs
      let sines = table + (x.rows + row) * pairs
      switch rotary.layout {
      case .interleaved:
        nibble_rope_interleaved(
          x.row(row), heads, rotary.headSize, rotary.dimensions, cosines, sines)
      case .halves:
        nibble_rope_halves(x.row(row), heads, rotary.headSize, rotary.dimensions, cosines, sines)
      }
    }
  }

  func route(_ logits: Activation, into weights: Activation) -> [Int] {
    var experts = [Int32](repeating: 0, count: weights.count)
    experts.withUnsafeMutableBufferPointer { experts in
      guard let experts = experts.baseAddress else { return }
      for row in 0..<logits.rows {
        nibble_route(
          logits.row(row), logits.cols, weights.cols, experts + row * weights.cols,
          weights.row(row))
      }
    }
    return experts.map(Int.init)
  }

  func sum(_ x: Activation, weights: Activation, into y: Activation) {
    for row in 0..<y.rows {
      nibble_weighted_rows(
        x.row(row * weights.cols), weights.row(row), weights.cols, y.cols, y.row(row))
    }
  }

  // MARK: - Attention

  func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, in cache: KVCache, layer: Int,
    position: Int, measures: Bool
  ) throws -> (key: StorageError, value: StorageError)? {
    let type = cache.type.tensorType
    let cols = cache.cols(layer: layer)
    func encode(_ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer) throws {
      guard nibble_encode(type.rawValue, source, target, cols) == cols else {
        throw InferenceError.overflow(layer: layer, position: position, type: cache.type.rawValue)
      }
    }
    func error(_ source: UnsafePointer<Float>, _ stored: UnsafeRawPointer) -> StorageError {
      var error = 0.0
      var size = 0.0
      nibble_packing_error(type.rawValue, source, stored, cols, &error, &size)
      return StorageError(error: error, size: size)
    }
    let slot = cache.slot(layer: layer, position: position)
    return try withUnsafeTemporaryAllocation(
      byteCount: cache.rowBytes(layer: layer), alignment: 64
    ) { row in
      guard let row = row.baseAddress else { return nil }
      try encode(key, row)
      switch cache.type {
      case .f32: scatter(row, as: UInt32.self, to: slot.key, count: cols)
      case .f16: scatter(row, as: UInt16.self, to: slot.key, count: cols)
      case .q8, .q4:
        slot.key.copyMemory(from: row, byteCount: cache.rowBytes(layer: layer))
      }
      try encode(value, slot.value)
      return measures ? (error(key, row), error(value, slot.value)) : nil
    }
  }

  /// The columns of one position to their places in a page.
  private func scatter<Value>(
    _ row: UnsafeRawPointer, as type: Value.Type, to key: UnsafeMutableRawPointer, count: Int
  ) {
    let row = row.assumingMemoryBound(to: type)
    let key = key.assumingMemoryBound(to: type)
    for c in 0..<count { key[c * KVCache.pageLength] = row[c] }
  }

  func scores(
    _ q: Activation, _ attention: Attention, into y: Activation, clearing clears: Bool,
    noting notFinite: FirstNotFinite
  ) {
    forEachHead(attention) { part, cache, head, tokens, thread in
      forEachPage(attention, part, tokens) { first, tokens in
        let row = part.rows.lowerBound + tokens.lowerBound
        let keys = keys(attention, part, cache, from: first, head: head, thread: thread)
        var page = nibble_page_scores(
          keys: keys.values, cols: attention.shape.headSize,
          count: min(KVCache.pageLength, part.end - first),
          q: q.row(row) + head * attention.shape.headSize, q_stride: q.cols, tokens: tokens.count,
          y: y.row(head * q.rows + row) + first, y_stride: y.cols)
        if keys.type == .f16 {
          nibble_page_scores_f16(&page)
        } else {
          nibble_page_scores_f32(&page)
        }
      }
      check(y, attention, part, head, tokens, notFinite)  // while it is in the cache
      guard clears else { return }
      for token in tokens {
        let row = y.row(head * q.rows + part.rows.lowerBound + token)
        let seen = part.pages(seenBy: token, attention.shape)
        row.update(repeating: 0, count: seen.lowerBound)
        (row + seen.upperBound).update(repeating: 0, count: y.cols - seen.upperBound)
      }
    }
  }

  func softmax(
    _ x: Activation, _ attention: Attention, scale: Float, noting notFinite: FirstNotFinite
  ) {
    let nTokens = x.rows / attention.heads
    forEachHead(attention) { part, _, head, tokens, _ in
      for token in tokens {
        let position = part.position + token
        nibble_softmax(
          x.row(head * nTokens + part.rows.lowerBound + token),
          part.pages(seenBy: token, attention.shape).upperBound,
          attention.shape.first(seenFrom: position), position + 1, scale)
      }
      check(x, attention, part, head, tokens, notFinite)
    }
  }

  /// Notes the first value of some tokens and one head that is an infinity or a NaN, among those of
  /// positions that the tokens see.
  private func check(
    _ x: Activation, _ attention: Attention, _ part: PassPart, _ head: Int, _ tokens: Range<Int>,
    _ notFinite: FirstNotFinite
  ) {
    let firstRow = head * (x.rows / attention.heads) + part.rows.lowerBound
    for token in tokens {
      let position = part.position + token
      let first = attention.shape.first(seenFrom: position)
      let count = position + 1 - first
      let index = nibble_first_not_finite(x.row(firstRow + token) + first, count)
      if index < count {
        return notFinite.note((firstRow + token) * x.cols + first + index, x.values)
      }
    }
  }

  func weightedSum(_ x: Activation, _ attention: Attention, into y: Activation) {
    let headSize = attention.shape.headSize
    forEachHead(attention) { part, cache, head, tokens, thread in
      for token in tokens {
        (y.row(part.rows.lowerBound + token) + head * headSize)
          .update(repeating: 0, count: headSize)
      }
      forEachPage(attention, part, tokens) { first, tokens in
        let row = part.rows.lowerBound + tokens.lowerBound
        let values = values(attention, part, cache, from: first, head: head, thread: thread)
        var page = nibble_page_sums(
          values: values.values, stride: values.stride,
          rows: min(KVCache.pageLength, part.end - first), cols: headSize,
          weights: x.row(head * y.rows + row) + first, weights_stride: x.cols,
          tokens: tokens.count, out: y.row(row) + head * headSize, out_stride: y.cols)
        if values.type == .f16 {
          nibble_page_sums_f16(&page)
        } else {
          nibble_page_sums_f32(&page)
        }
      }
    }
  }

  /// Calls `body` for every head and some tokens of every sequence of the pass, counted from the
  /// first of its part, on all threads where there is enough to do.
  private func forEachHead(
    _ attention: Attention,
    _ body: (
      _ part: PassPart, _ cache: KVCache, _ head: Int, _ tokens: Range<Int>, _ thread: Int
    ) -> Void
  ) {
    let tokensAtOnce = 24  // two groups of queries in the widest kernel
    let (parts, heads) = (attention.parts, attention.heads)
    let blocks = parts.map { ($0.part.rows.count + tokensAtOnce - 1) / tokensAtOnce }
    let count = blocks.reduce(0, +) * heads
    // A fork costs as much as some thousand products of a query with a key.
    let isSmall = parts.reduce(0) { $0 + $1.part.rows.count * $1.part.end } * heads < 4096
    workers.forEach(count, by: isSmall ? count : 1) { items, thread in
      for item in items {
        var block = item / heads
        var index = 0
        while block >= blocks[index] {
          block -= blocks[index]
          index += 1
        }
        let (part, cache) = parts[index]
        let first = block * tokensAtOnce
        let tokens = first..<min(first + tokensAtOnce, part.rows.count)
        body(part, cache, item % heads, tokens, thread)
      }
    }
  }

  /// Calls `body` with the first position of every page that some of the tokens see, and with those
  /// tokens.
  private func forEachPage(
    _ attention: Attention, _ part: PassPart, _ tokens: Range<Int>,
    _ body: (_ first: Int, _ tokens: Range<Int>) -> Void
  ) {
    let length = KVCache.pageLength
    let start = part.pages(seenBy: tokens.lowerBound, attention.shape).lowerBound
    for first in stride(from: start, to: part.position + tokens.upperBound, by: length) {
      let from = max(tokens.lowerBound, first - part.position)
      var end = tokens.upperBound
      if let window = attention.shape.window {  // the last that sees the page's last position
        end = min(end, first + length - 1 + window - part.position)
      }
      if from < end { body(first, from..<end) }
    }
  }

  /// Keys of one head of a page, `(headSize, pageLength)`: where they lie, or dequantized.
  private func keys(
    _ attention: Attention, _ part: PassPart, _ cache: KVCache, from first: Int, head: Int,
    thread: Int
  ) -> (values: UnsafeRawPointer, type: TileDescription.ValueType) {
    let headSize = attention.shape.headSize
    let keys = cache.page(attention.layer, from: first, head: attention.kvHead(of: head)).keys
    switch cache.type {
    case .f16: return (keys, .f16)
    case .f32: return (keys, .f32)
    case .q8, .q4:
      let count = min(KVCache.pageLength, part.end - first)
      guard let rows = dequantized(keys, count, cache, attention, thread) else {
        return (keys, .f32)
      }
      let columns = rows + KVCache.pageLength * headSize
      nibble_transpose(rows, count, headSize, columns, KVCache.pageLength)
      return (UnsafeRawPointer(columns), .f32)
    }
  }

  /// Values of one head of a page, `(pageLength, headSize)`: where they lie, or dequantized.
  private func values(
    _ attention: Attention, _ part: PassPart, _ cache: KVCache, from first: Int, head: Int,
    thread: Int
  ) -> (values: UnsafeRawPointer, stride: Int, type: TileDescription.ValueType) {
    let values = cache.page(attention.layer, from: first, head: attention.kvHead(of: head)).values
    switch cache.type {
    case .f16: return (values, attention.shape.cols, .f16)
    case .f32: return (values, attention.shape.cols, .f32)
    case .q8, .q4:
      let count = min(KVCache.pageLength, part.end - first)
      let rows = dequantized(values, count, cache, attention, thread)
      return (rows.map { UnsafeRawPointer($0) } ?? values, attention.shape.headSize, .f32)
    }
  }

  /// `count` rows of one head as f32, `(count, headSize)`, in the thread's part of the workspace.
  private func dequantized(
    _ packed: UnsafeRawPointer, _ count: Int, _ cache: KVCache, _ attention: Attention,
    _ thread: Int
  ) -> UnsafeMutablePointer<Float>? {
    let headSize = attention.shape.headSize
    guard let workspace = attention.workspace else { return nil }
    let rows = workspace + 2 * thread * KVCache.pageLength * headSize
    let rowBytes = cache.rowBytes(layer: attention.layer)
    for row in 0..<count {
      nibble_dequantize_f32(
        cache.type.tensorType.rawValue, packed + row * rowBytes, rows + row * headSize, headSize)
    }
    return rows
  }
}
