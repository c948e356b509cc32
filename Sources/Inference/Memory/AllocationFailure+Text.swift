import Basics
import Events

extension AllocationFailure {
  /// What was asked for, what there was and the budget, in bytes, so that they can be added up:
  /// `64 KiB (65,536 bytes) beside 4,161,792 alive, 33,024 more than the budget of 4,194,304 (4
  /// MiB) allows`.
  public static func sum(asked bytes: Int, live: Int, budget: Int) -> String {
    let asked =
      bytes < 1024 ? "\(bytes) bytes" : "\(formatBytes(bytes)) (\(formatCount(bytes)) bytes)"
    let excess = formatCount(bytes - (budget - live))
    return "\(asked) beside \(formatCount(live)) alive, \(excess) more than the budget of "
      + "\(formatCount(budget)) (\(formatBytes(budget))) allows"
  }

  /// `'logits' asks for …`, with the sum.
  public var sentence: String {
    "'\(name)' asks for \(Self.sum(asked: bytes, live: live.total, budget: budget))"
  }
}
