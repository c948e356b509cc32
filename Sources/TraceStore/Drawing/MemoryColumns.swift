import Events

/// Some consecutive steps of a plot.
public struct MemoryColumn: Sendable, Equatable {
  public var firstStep: Int
  public var lastStep: Int
  /// What was alive at the one step of these at which the total was highest.
  public var most: MemoryUse
  /// What was alive at the one step of these at which the total was lowest.
  public var least: MemoryUse

  public init(firstStep: Int, lastStep: Int, most: MemoryUse, least: MemoryUse) {
    self.firstStep = firstStep
    self.lastStep = lastStep
    self.most = most
    self.least = least
  }
}

/// The columns of a plot over a range of steps, filled from its beginning on: what every plot of
/// memory is drawn from, on a terminal or in a picture.
public struct MemoryColumns {
  public let steps: ClosedRange<Int>
  /// Into how many groups the steps are cut: one each where they are few.
  public let groups: Int
  /// Those that were begun, in order.
  public private(set) var columns: [MemoryColumn] = []
  /// The most bytes that each category had alive so far.
  public private(set) var peaks = MemoryUse()
  /// The first step that is not in a column yet.
  public private(set) var next: Int
  /// What was alive at the step before that.
  public private(set) var latest = MemoryUse()

  public init(steps: ClosedRange<Int>, columns count: Int) {
    self.steps = steps
    // Few enough steps are told apart one by one; `moments(across:)` draws them so.
    groups = steps.count <= 2 * count ? steps.count : max(1, count)
    next = steps.lowerBound
  }

  /// Reads on, up to a step; what was read before is not read again.
  ///
  /// - Parameter reached: called with the steps that were read so far, at least every hundred thousand.
  /// - Complexity: O(steps that are new); memory for a hundred thousand at a time.
  public mutating func read(
    _ trace: Trace, through end: Int, reached: (Int) throws -> Void = { _ in }
  ) throws {
    let chunk = 100_000
    let end = min(end, steps.upperBound)
    while next <= end {
      let last = min(end, next + chunk - 1)
      let profile = try trace.memoryProfile(next...last, buckets: last - next + 1)
      guard !profile.isEmpty else { return }
      for use in profile { add(use) }
      try reached(last)
    }
  }

  /// Adds the step after the last, and says whether it is the first of the highest total of its
  /// column so far.
  @discardableResult
  mutating func add(_ use: MemoryUse) -> Bool {
    let step = next
    next += 1
    latest = use
    peaks.formMaximum(use)
    let group = (step - steps.lowerBound) * groups / steps.count
    if group >= columns.count {
      columns.append(.init(firstStep: step, lastStep: step, most: use, least: use))
      return true
    }
    columns[group].lastStep = step
    if use.total < columns[group].least.total { columns[group].least = use }
    guard use.total > columns[group].most.total else { return false }
    columns[group].most = use
    return true
  }

  /// All columns of the range, those that are not begun with nothing in them but `use`.
  public func filled(with use: MemoryUse) -> [MemoryColumn] {
    let rest = (columns.count..<groups).map { group in
      MemoryColumn(
        firstStep: first(of: group), lastStep: first(of: group + 1) - 1, most: use, least: use)
    }
    var begun = columns
    if let last = begun.indices.last { begun[last].lastStep = first(of: begun.count) - 1 }
    return begun + rest
  }

  private func first(of group: Int) -> Int {
    steps.lowerBound + (group * steps.count + groups - 1) / groups
  }
}
