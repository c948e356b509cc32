import CKernels
import Foundation

/// Where buffers come from.
package protocol MemorySource {
  /// Uninitialized bytes, aligned to 64; `nil` where there is no such room.
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer?
  /// Returns what ``allocate(_:)`` gave.
  func deallocate(_ base: UnsafeMutableRawPointer)
}

/// Memory from the system.
///
/// Not from `posix_memalign`, which in glibc before 2.38 does not take the hole that a tile of the
/// same size left: among the small allocations of a recording, every tile would come to lie on
/// pages that nobody has touched yet.
package struct HostMemory: MemorySource {
  private static let alignment = 64
  /// From here on malloc takes every block from the system (glibc's largest threshold for that).
  private static let mappedBytes = 32 << 20

  package init() {}

  /// A large block cannot lie where smaller ones were freed, so what those left goes back first:
  /// else a freed layer would still be there, beside the output matrix, and no ledger would know.
  package func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    if bytes >= Self.mappedBytes { nibble_release_free_memory() }
    guard let block = malloc(bytes + Self.alignment) else { return nil }
    // At least 16 bytes after the block's start, where its address goes.
    let base = (block + 1).alignedUp(toMultipleOf: Self.alignment)
    (base - MemoryLayout<UInt>.size).storeBytes(of: UInt(bitPattern: block), as: UInt.self)
    return base
  }

  package func deallocate(_ base: UnsafeMutableRawPointer) {
    let block = (base - MemoryLayout<UInt>.size).load(as: UInt.self)
    Foundation.free(UnsafeMutableRawPointer(bitPattern: block))
  }
}
