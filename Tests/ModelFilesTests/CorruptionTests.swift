import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

/// Thousands of damaged files, the same in every run: each opens, and then everything in it can be
/// read, or gives a ``GGUFError``. A crash or an endless loop fails the run.
struct CorruptionTests {
  static let seeds = 0..<8
  private static let rounds = 600

  @Test(arguments: seeds)
  func damagedFilesOpenOrSayWhyNot(_ seed: Int) throws {
    let original = try fixtureBytes("v3.gguf")
    let directory = try ScratchFolder()
    var random = SeededGenerator(seed: UInt64(seed))
    var opened = 0
    var refused = 0
    for _ in 0..<Self.rounds {
      let path = try directory.write(damaged(original, &random))
      do throws(GGUFError) {
        try readEverything(try ModelFile(path: path))
        opened += 1
      } catch {
        #expect("\(error)".hasPrefix(path))
        refused += 1
      }
    }
    // Damage to data goes unseen, damage to the header mostly does not.
    #expect(opened > Self.rounds / 20)
    #expect(refused > Self.rounds / 4)
  }

  private func readEverything(_ file: ModelFile) throws(GGUFError) {
    for (_, value) in file.metadata { touch(value) }
    for tensor in file.tensors {
      var sum: UInt8 = 0
      for byte in file.bytes(of: tensor) { sum &+= byte }
      if tensor.type != nil {
        let values = try file.values(of: tensor)
        #expect(values.count == tensor.count)
      }
    }
  }

  private func touch(_ value: GGUFValue) {
    guard let array = value.arrayValue else { return }
    for element in array.values() { touch(element) }
    _ = array.strings
    _ = array.ints
    _ = array.floats
  }

  /// One to three injuries.
  private func damaged(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      // Mostly in the header, where the structure is.
      let end = Int.random(in: 0..<4, using: &random) == 0 ? bytes.count : min(1536, bytes.count)
      guard end > 16 else { return bytes }
      let at = Int.random(in: 0..<end - 8, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 2: overwrite(&bytes, at, Self.awkward.randomElement(using: &random) ?? 0)
      case 3: bytes.removeSubrange(at..<at + Int.random(in: 1...8, using: &random))
      case 4:
        let extra = (0..<Int.random(in: 1...8, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        bytes.insert(contentsOf: extra, at: at)
      default: bytes.removeSubrange(max(at, 1)...)
      }
    }
    return bytes
  }

  private static let awkward: [UInt64] = [
    0, 1, 13, 255, 65536, 1 << 31, 1 << 32, 1 << 40, 1 << 60, 1 << 62, 1 << 63, .max, .max - 7,
    UInt64(Int.max), UInt64(Int.max) - 31,
  ]

  private func overwrite(_ bytes: inout [UInt8], _ at: Int, _ value: UInt64) {
    for byte in 0..<8 { bytes[at + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }
}
