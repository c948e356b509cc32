import CKernels
import Foundation

/// Memory from the system for the engine's buffers, aligned to 64 bytes.
///
/// Not from `posix_memalign`, which in glibc before 2.38 does not take the hole that a tile of the
/// same size left: among the small allocations of a recording, every tile would come to lie on
/// pages that nobody has touched yet.
enum AlignedMemory {
  private static let alignment = 64
  /// From here on malloc takes every block from the system (glibc's largest threshold for that).
  private static let mappedBytes = 32 << 20

  /// Uninitialized bytes, or `nil` where there is no such room.
  ///
  /// A large block cannot lie where smaller ones were freed, so what those left goes back first:
  /// else a freed layer would still be there, beside the output matrix, and no ledger would know.
  static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    if bytes >= mappedBytes { nibble_release_free_memory() }
    guard let block = malloc(bytes + alignment) else { return nil }
    // At least 16 bytes after the block's start, where its address goes.
    let base = (block + 1).alignedUp(toMultipleOf: alignment)
    (base - MemoryLayout<UInt>.size).storeBytes(of: UInt(bitPattern: block), as: UInt.self)
    return base
  }

  /// Returns what ``allocate(_:)`` gave.
  static func deallocate(_ base: UnsafeMutableRawPointer) {
    let block = (base - MemoryLayout<UInt>.size).load(as: UInt.self)
    Foundation.free(UnsafeMutableRawPointer(bitPattern: block))
  }
}
