/// A function over the values of arrays.
struct ArrayFunction: Sendable {
  let name: String
  let parameters: Int
  let summary: String
  /// Sums run in double precision, one value after the other.
  let apply: @Sendable ([[Float]]) -> Double

  static let all: [ArrayFunction] = [
    ArrayFunction(name: "sum", parameters: 1, summary: "their sum") { sum($0[0]) { $0 } },
    ArrayFunction(name: "norm", parameters: 1, summary: "their length, √ Σ x²") {
      sum($0[0]) { $0 * $0 }.squareRoot()
    },
    ArrayFunction(name: "mean", parameters: 1, summary: "their mean") {
      sum($0[0]) { $0 } / Double($0[0].count)
    },
    ArrayFunction(name: "min", parameters: 1, summary: "the smallest") {
      Double($0[0].min() ?? .nan)
    },
    ArrayFunction(name: "max", parameters: 1, summary: "the largest") {
      Double($0[0].max() ?? .nan)
    },
    ArrayFunction(name: "rms", parameters: 1, summary: "their root mean square") {
      (sum($0[0]) { $0 * $0 } / Double($0[0].count)).squareRoot()
    },
    ArrayFunction(name: "dot", parameters: 2, summary: "Σ a × b") { dot($0[0], $0[1]) },
    ArrayFunction(name: "cosine", parameters: 2, summary: "the cosine of their angle") {
      dot($0[0], $0[1]) / (dot($0[0], $0[0]) * dot($0[1], $0[1])).squareRoot()
    },
    ArrayFunction(name: "maxdiff", parameters: 2, summary: "the largest |a - b|") {
      zip($0[0], $0[1]).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    },
  ]

  /// - Throws: `DebuggerError.unknownFunction`.
  static func named(_ name: String) throws -> ArrayFunction {
    guard let function = all.first(where: { $0.name == name }) else {
      throw DebuggerError.unknownFunction(name: name, known: all.map(\.name))
    }
    return function
  }

  private static func sum(_ values: [Float], _ of: (Double) -> Double) -> Double {
    values.reduce(0) { $0 + of(Double($1)) }
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
