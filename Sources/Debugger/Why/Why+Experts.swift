import Events
import Foundation
import TraceStore

// A mixture of experts: of each token a router chooses a few, one a slot.
extension WhyOperation {
  /// The experts of each row that a router chose, the first choice first.
  private func experts(_ router: TraceOp) throws -> [[Int]] {
    let used = try attribute("experts_used", \.expertsUsed)
    let experts = try trace.experts(ofOp: router.id)
    guard experts.count.isMultiple(of: used) else { throw unexpected() }
    return stride(from: 0, to: experts.count, by: used).map { Array(experts[$0..<$0 + used]) }
  }

  /// `y[token, slot] = exp(x[expert] - max) / Σ`, a softmax over the experts that are chosen.
  func route(_ row: Int) throws -> Row {
    let logits = try input(0, row)
    let all = try experts(op)
    guard all.indices.contains(row), all[row].count == op.cols,
      all[row].allSatisfy(logits.row.indices.contains)
    else { throw unexpected() }
    let experts = all[row]
    let x = experts.map { numbers(logits.row[$0]) }
    let highest = numbers(experts.map { logits.row[$0] }.max() ?? 0)
    let powers = x.map { exp($0.value - highest.value) }
    func power(_ slot: Int) -> String { "exp(\(x[slot]) - \(highest))" }
    let sum = TermSum(powers, in: numbers, counted: "experts") {
      TermSum.Term(label: "\(experts[$0])", product: power($0))
    }
    return { slot in
      let result = numbers(powers[slot] / sum.total.value)
      return Derivation(
        result, sum: sum,
        [
          "= exp(x - max) / Σ, x = \(logits.name)[\(logits.label)\(experts[slot])] = \(x[slot]): "
            + "expert \(experts[slot]), choice \(slot) of this token",
          "max = \(highest); the terms are of the \(experts.count) experts with the highest logits, "
            + "of \(logits.row.count).",
        ], steps: ["\(power(slot)) / \(sum.total) = \(result)"])
    }
  }

  /// A product with the rows of the matrix that are an expert's.
  func expertProduct(_ row: Int) throws -> Row {
    guard let id = op.tensor, let tensor = try trace.tensor(id),
      let router = try trace.op(named: inputName(1), inPass: op.pass)
    else { throw unexpected() }
    let matrix = try source.weights(named: tensor.name)
    let experts = try experts(router)
    let used = try attribute("experts_used", \.expertsUsed)
    let (token, slot) = row.quotientAndRemainder(dividingBy: used)
    guard experts.indices.contains(token) else { throw unexpected() }
    let expert = experts[token][slot]
    let input = try input(2, row, at: output(2).op.rows == op.rows ? row : token)
    let (first, overflow) = expert.multipliedReportingOverflow(by: op.cols)
    guard !overflow, first <= matrix.rows - op.cols else { throw unexpected() }
    return try product(
      input, matrix, from: first,
      [
        "The rows of expert \(expert), choice \(slot) of row \(token) of the pass, begin at "
          + "\(first)."
      ])
  }

  /// `y[token, c] = Σ weight[slot] × x[token * used + slot, c]`.
  func expertSum(_ row: Int) throws -> Row {
    let (x, weights) = (try output(0), try input(1, row))
    let used = try attribute("experts_used", \.expertsUsed)
    guard weights.row.count == used, x.op.cols == op.cols,
      op.rows.multipliedReportingOverflow(by: used) == (x.op.rows, false)
    else { throw unexpected() }
    return { column in
      let sum = TermSum(0..<used, in: numbers, counted: "experts") { slot in
        (weights.row[slot], x.values[(row * used + slot) * op.cols + column])
      }
      return Derivation(
        sum.total, sum: sum,
        [
          "= Σ w[s] × x[s], s = 0..<\(used): the choices of the token",
          "w = \(weights.name)[\(weights.label)s], x = \(x.op.name)[\(row * used) + s, \(column)]",
        ])
    }
  }
}
