import Foundation

/// A blob read as a vector: float32 or float16 values, little-endian, one after another.
struct VectorArgument {
  enum Element: String, CaseIterable {
    case f32, f16

    var bytes: Int { self == .f32 ? 4 : 2 }
  }

  private let bytes: UnsafeRawBufferPointer
  private let element: Element
  let count: Int

  init(_ bytes: UnsafeRawBufferPointer, _ element: Element) throws {
    let (count, rest) = bytes.count.quotientAndRemainder(dividingBy: element.bytes)
    guard rest == 0 else {
      throw FunctionCall.Failure(
        "\(bytes.count) bytes are no whole number of \(element.rawValue) values")
    }
    self.bytes = bytes
    self.element = element
    self.count = count
  }

  /// - Precondition: `index` is one of its elements.
  subscript(index: Int) -> Double {
    switch element {
    case .f32:
      let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
      return Double(Float(bitPattern: UInt32(littleEndian: bits)))
    case .f16:
      let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      return Double(Self.half(UInt16(littleEndian: bits)))
    }
  }

  /// IEEE 754 binary16, also where Swift has no Float16.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }

  func reduce(_ first: Double, _ combine: (Double, Double) -> Double) -> Double {
    var result = first
    for index in 0..<count { result = combine(result, self[index]) }
    return result
  }

  /// The bytes of some of its elements.
  func slice(_ range: Range<Int>) -> [UInt8] {
    Array(bytes[range.lowerBound * element.bytes..<range.upperBound * element.bytes])
  }

  /// The greatest element and where it stands first; `nil` where there is no number.
  var greatest: (index: Int, value: Double)? {
    var found: (index: Int, value: Double)?
    for index in 0..<count where self[index] > found?.value ?? -.infinity || found == nil {
      if !self[index].isNaN { found = (index, self[index]) }
    }
    return found
  }

  /// log of the softmax's denominator.
  var logSumExp: Double? {
    guard let greatest = greatest?.value, greatest.isFinite else { return nil }
    return greatest + log(reduce(0) { $0 + exp($1 - greatest) })
  }
}

extension FunctionCall {
  /// The vector of an argument, whose elements are what the last argument says: f32 where there is
  /// none.
  ///
  /// - Parameter own: how many arguments come before that of the type.
  func vector(_ index: Int, of own: Int) throws -> VectorArgument {
    guard count > own else { return try VectorArgument(blob(index), .f32) }
    let name = try text(own, "the type")
    guard let element = VectorArgument.Element(rawValue: name.lowercased()) else {
      throw Failure("a vector's elements are f32 or f16, not '\(name)'")
    }
    return try VectorArgument(blob(index), element)
  }

  /// Two vectors of the same length.
  func vectors() throws -> (VectorArgument, VectorArgument) {
    let (a, b) = (try vector(0, of: 2), try vector(1, of: 2))
    guard a.count == b.count else {
      throw Failure("the vectors have \(a.count) and \(b.count) elements, not the same number")
    }
    return (a, b)
  }
}
