extension Engine {
  /// Forgets the positions of a sequence from `position` on, so that its next pass begins there.
  /// What the cache holds before it stays as it is, to the bit.
  ///
  /// - Precondition: `position` is at most the sequence's ``positions``.
  public func rewind(sequence: Int, to position: Int) {
    precondition((0...positions[sequence]).contains(position), "a position that was reached")
    caches[sequence].truncate(to: position, free: ledger.free)
    positions[sequence] = position
  }
}
