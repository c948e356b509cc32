import CKernels
import Quantization

/// One tensor on its way from one type to another, some rows at a time.
struct TensorConversion {
  let source: ModelFile
  let tensor: StoredTensor
  let from: TensorType
  let to: TensorType
  let threads: Int

  /// Values that are float32 at the same time, on all threads together.
  private static let valuesAtOnce = 1 << 22

  /// Writes the converted data, part by part, and measures what was lost.
  ///
  /// - Parameter isCancelled: asked before each part; `true` ends it.
  func run(
    isCancelled: () -> Bool, _ write: ([UInt8]) throws -> Void
  ) throws -> QuantizationStatistics {
    let rowsAtOnce = max(Self.valuesAtOnce / tensor.cols, 1)
    var statistics = QuantizationStatistics()
    let pool = nibble_pool_create(Int32(min(threads, 1024)))
    defer { if let pool { nibble_pool_destroy(pool) } }
    for first in stride(from: 0, to: tensor.rows, by: rowsAtOnce) {
      if isCancelled() { throw GGUFError.interrupted(path: source.path) }
      let rows = first..<min(first + rowsAtOnce, tensor.rows)
      let shares = min(threads, rows.count)
      let results = Results(count: shares)
      Self.forEach(shares, on: pool) { share in
        let start = rows.lowerBound + rows.count * share / shares
        let end = rows.lowerBound + rows.count * (share + 1) / shares
        results.set(share, convert(start..<end))
      }
      for result in results.all {
        switch result {
        case .success(let part):
          try write(part.bytes)
          statistics.add(part.statistics)
        case .failure(let error):
          throw GGUFError.quantization(path: source.path, tensor: tensor.name, error: error)
        }
      }
    }
    return statistics
  }

  /// Calls `body` with each number below `count` once, on the threads of a pool or, if the system
  /// did not start them, on this one.
  private static func forEach(_ count: Int, on pool: OpaquePointer?, _ body: (Int) -> Void) {
    guard let pool else { return (0..<count).forEach(body) }
    withoutActuallyEscaping(body) { body in
      var counter = nibble_counter(value: 0)
      withUnsafeMutablePointer(to: &counter) { counter in
        var work = {
          while case let index = Int(nibble_counter_next(counter, 1)), index < count { body(index) }
        }
        withUnsafeMutablePointer(to: &work) { context in
          nibble_pool_run(
            pool,
            { context, _ in context?.assumingMemoryBound(to: (() -> Void).self).pointee() },
            context)
        }
      }
    }
  }

  /// What was lost where the tensor became `stored`, blocks of the target.
  func statistics(of stored: [UInt8]) throws(GGUFError) -> QuantizationStatistics {
    var statistics = QuantizationStatistics()
    let rowsAtOnce = max(Self.valuesAtOnce / tensor.cols, 1)
    let rowBytes = stored.count / tensor.rows
    do throws(QuantizationError) {
      for first in stride(from: 0, to: tensor.rows, by: rowsAtOnce) {
        let rows = first..<min(first + rowsAtOnce, tensor.rows)
        let values = try from.decode(packed(rows))
        let bytes = Array(stored[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
        let decoded = try bytes.decoded(as: to)
        values.withUnsafeBufferPointer { values in
          decoded.withUnsafeBufferPointer { statistics.add(values, stored: $0) }
        }
      }
    } catch {
      throw .quantization(path: source.path, tensor: tensor.name, error: error)
    }
    return statistics
  }

  /// The source's bytes of some rows.
  private func packed(_ rows: Range<Int>) -> UnsafeRawBufferPointer {
    let all = source.bytes(of: tensor)
    let rowBytes = all.count / tensor.rows
    return UnsafeRawBufferPointer(
      rebasing: all[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
  }

  private struct Part {
    var bytes: [UInt8]
    var statistics = QuantizationStatistics()
  }

  /// One slot for each thread.
  private final class Results: @unchecked Sendable {  // each slot is written by one thread
    private let slots: UnsafeMutableBufferPointer<Result<Part, QuantizationError>?>

    init(count: Int) {
      slots = .allocate(capacity: count)
      slots.initialize(repeating: nil)
    }

    deinit {
      slots.deinitialize()
      slots.deallocate()
    }

    func set(_ index: Int, _ result: Result<Part, QuantizationError>) { slots[index] = result }

    var all: [Result<Part, QuantizationError>] { slots.compactMap(\.self) }
  }

  private func convert(_ rows: Range<Int>) -> Result<Part, QuantizationError> {
    do throws(QuantizationError) {
      let values = try from.decode(packed(rows))
      var part = Part(bytes: try to.encode(values))
      let stored = try part.bytes.decoded(as: to)
      values.withUnsafeBufferPointer { values in
        stored.withUnsafeBufferPointer { part.statistics.add(values, stored: $0) }
      }
      return .success(part)
    } catch {
      return .failure(error.shifted(by: rows.lowerBound * tensor.cols))
    }
  }
}

extension QuantizationError {
  /// The same error, with indices of the whole tensor in place of indices of a part.
  fileprivate func shifted(by offset: Int) -> QuantizationError {
    switch self {
    case .notFinite(let type, let index): .notFinite(type: type, index: index + offset)
    case .tooLarge(let type, let index, let value):
      .tooLarge(type: type, index: index + offset, value: value)
    case .notWholeBlocks, .wrongByteCount, .cannotEncode: self
    }
  }
}

extension [UInt8] {
  fileprivate func decoded(as type: TensorType) throws(QuantizationError) -> [Float] {
    let result: Result<[Float], QuantizationError> = withUnsafeBytes { bytes in
      do throws(QuantizationError) {
        return .success(try type.decode(bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
