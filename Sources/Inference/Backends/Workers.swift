import CKernels

/// A fork-join pool of threads; the caller is worker 0.
final class Workers {
  let count: Int
  private let pool: OpaquePointer

  /// - Throws: `InferenceError.noThreads`.
  init(count: Int) throws {
    guard let pool = nibble_pool_create(Int32(count)) else {
      throw InferenceError.noThreads(count)
    }
    self.count = count
    self.pool = pool
  }

  deinit { nibble_pool_destroy(pool) }

  /// Calls `body` with ranges of at most `size` that together cover `0..<total`, on all workers;
  /// returns when all are done. One worker goes through them in order.
  ///
  /// The ranges do not depend on the number of workers, and no two overlap.
  func forEach(_ total: Int, by size: Int, _ body: (Range<Int>, _ worker: Int) -> Void) {
    if count == 1 || total <= size {
      var start = 0
      while start < total {
        body(start..<min(start + size, total), 0)
        start += size
      }
      return
    }
    var counter = nibble_counter(value: 0)
    withUnsafeMutablePointer(to: &counter) { counter in
      run { worker in
        while true {
          let start = Int(nibble_counter_next(counter, Int64(size)))
          if start >= total { return }
          body(start..<min(start + size, total), worker)
        }
      }
    }
  }

  /// Calls `body` once on every worker.
  private func run(_ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var call = body
      withUnsafeMutablePointer(to: &call) { context in
        nibble_pool_run(
          pool,
          { context, worker in
            context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(worker))
          }, context)
      }
    }
  }
}
